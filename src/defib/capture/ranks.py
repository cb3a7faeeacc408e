"""A training that runs in several processes (``torchrun``): one of them reports, for all.

Every process runs the same program. Process 0 diagnoses; the others leave a sample of their rows, and what they saw, in
a folder beside the recordings, and end as they would without defib. Nothing is exchanged through the program's
own process group: a collective call that one process makes and another does not is a deadlock.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defib.codec import decode, encode

if TYPE_CHECKING:  # The user's program comes before NumPy: it may still want to set the number of threads.
    from defib.subject import AnyArray, Subject

PATIENCE_SECONDS = 10.0
"""How long process 0 waits for the others, which end at about the same time."""
LOOK_EVERY_SECONDS = 0.05
PLAIN = ("name", "n_updates", "n_rows", "last_loss", "weights", "drawn")
"""Fields of a `Share` that are plain values."""


@dataclass(frozen=True)
class Share:
    """What one process saw of one model's training."""

    rank: int
    name: str
    n_updates: int
    n_rows: int
    """Rows of its epoch, before sampling."""
    last_loss: float | None
    weights: str
    """Digest of the parameters at the end: equal where the processes trained one model in common."""
    X: AnyArray | None
    y: AnyArray | None
    drawn: bool = False
    """Its rows were another choice in every epoch: that both saw a row says nothing."""
    places: tuple[AnyArray, ...] = ()
    labels: AnyArray | None = None
    """In the order of the training."""


@dataclass(frozen=True)
class Ranks:
    """This process among those that a launcher started."""

    rank: int
    world: int
    local: tuple[int, ...]
    """Ranks on this machine."""
    folder: Path

    @classmethod
    def here(cls, environment: Mapping[str, str] = os.environ) -> Ranks | None:
        """As the launcher says in the environment; ``None`` for a process that runs alone."""
        try:
            rank, world = int(environment["RANK"]), int(environment["WORLD_SIZE"])
            local_rank = int(environment.get("LOCAL_RANK", rank))
            n_local = int(environment.get("LOCAL_WORLD_SIZE", world))
        except (KeyError, ValueError):
            return None
        if world < 2:
            return None
        first = rank - local_rank
        restart = environment.get("TORCHELASTIC_RESTART_COUNT", "0")
        # The launcher is the parent of every process on this machine, and of no other run.
        folder = Path.cwd() / ".defib" / f"ranks-{os.getppid()}-{restart}"
        return cls(rank, world, tuple(range(first, first + n_local)), folder)

    @property
    def reports(self) -> bool:
        """Whether this is the process that diagnoses."""
        return self.rank == 0

    def begin(self) -> None:
        """Say that this process is there. A folder that cannot be written is no reason to fail."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{self.rank}.pid").write_text(str(os.getpid()))
        except OSError:
            return

    def hand_over(self, subjects: Sequence[Subject]) -> None:
        """Leave what this process saw for the one that reports."""
        import numpy as np

        arrays: dict[str, AnyArray] = {}
        facts: list[dict[str, Any]] = []
        for index, subject in enumerate(subjects):
            share = share_of(self.rank, subject)
            named = {"X": share.X, "y": share.y, "labels": share.labels}
            named |= {f"place{i}": one for i, one in enumerate(share.places)}
            kept = {f"{index}.{name}": one for name, one in named.items() if one is not None and one.dtype != object}
            arrays |= kept
            facts.append({name: getattr(share, name) for name in PLAIN} | {"n_places": len(share.places)})
        try:
            with (self.folder / f"{self.rank}.part").open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # the names are the rows' own
            (self.folder / f"{self.rank}.json").write_text(json.dumps(encode({"facts": facts})))
        except OSError:
            return

    def collect(self, patience: float = PATIENCE_SECONDS) -> list[list[Share]]:
        """What the other processes on this machine left, each in order of its models; waits for those that live."""
        others = [rank for rank in self.local if rank != self.rank]
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(self._may_come(rank) for rank in others):
            time.sleep(LOOK_EVERY_SECONDS)
        found = [self._read(rank) for rank in others]
        shutil.rmtree(self.folder, ignore_errors=True)
        return [one for one in found if one is not None]

    def _may_come(self, rank: int) -> bool:
        if (self.folder / f"{rank}.json").exists():
            return False
        try:
            os.kill(int((self.folder / f"{rank}.pid").read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    def _read(self, rank: int) -> list[Share] | None:
        import numpy as np

        try:
            facts = decode(json.loads((self.folder / f"{rank}.json").read_text()))["facts"]
            with np.load(self.folder / f"{rank}.part", allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError):
            return None
        return [_share(rank, index, one, arrays) for index, one in enumerate(facts)]


def _share(rank: int, index: int, facts: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> Share:
    places = tuple(arrays[f"{index}.place{i}"] for i in range(int(facts["n_places"])))
    X, y, labels = (arrays.get(f"{index}.{name}") for name in ("X", "y", "labels"))
    known = {name: facts[name] for name in PLAIN}
    return Share(rank=rank, X=X, y=y, labels=labels, places=places, **known)


def share_of(rank: int, subject: Subject) -> Share:
    """What this process saw of one model."""
    training, trace = subject.training, subject.trace
    losses = trace.loss_per_update
    return Share(
        rank=rank,
        name=subject.name,
        n_updates=trace.n_updates,
        n_rows=0 if training is None else training.n_seen or len(training),
        last_loss=float(losses[-1]) if len(losses) else None,
        weights=_digest(subject),
        drawn=bool(getattr(getattr(subject, "captured", None), "drawn", False)),
        X=None if training is None else training.X,
        y=None if training is None else training.y,
        places=() if training is None else training.places,
        labels=trace.label_order,
    )


def _digest(subject: Subject) -> str:
    """Equal for equal parameters; running statistics belong to each process alone."""
    import numpy as np

    digest = hashlib.sha256()
    for one in sorted(subject.parameters(), key=lambda one: one.name):
        digest.update(one.name.encode())
        digest.update(np.ascontiguousarray(one.end).tobytes())
    return digest.hexdigest()
