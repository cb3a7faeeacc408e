"""What stands around the diagnoses: the program, where its calls are, the evidence and traces that were recorded.

Everything may be missing: a diagnosis of a model in memory has no program, an old Recording no trace. A reporter then
says less. Nothing here is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defib.diagnosis import Diagnosis, Hypothesis
from defib.locate import CALLS

if TYPE_CHECKING:
    from defib.recording import Recording


@dataclass(frozen=True)
class Behind:
    """What was recorded about one model."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """``file:line`` of the user's calls, see `defib.recipe.TrainingRecipe`."""
    trace: Any = None
    """A `defib.subject.TrainingTrace`."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Name of the class → the evidence."""
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """``training``, ``prediction``, ``held_out`` → how many rows were ``kept``, of how many ``seen``."""


@dataclass(frozen=True)
class Location:
    """A place in the user's program. ``line`` counts from 1; ``None``: the file as a whole."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Background:
    """What was recorded about the run."""

    script: str | None = None
    directory: str | None = None
    """Where the run was started; paths are shown relative to it."""
    header: Mapping[str, Any] = field(default_factory=dict)
    """Start, platform, argv: the first event of the Recording."""
    behind: tuple[Behind, ...] = ()
    """One per diagnosis, in order."""
    accepted: tuple[int, ...] = ()
    """Indices of the diagnoses whose findings a baseline holds: known, and no reason to fail."""

    def of(self, index: int) -> Behind:
        """What is behind the diagnosis at this index; empty when nothing was recorded."""
        return self.behind[index] if index < len(self.behind) else Behind()

    def location(self, index: int, diagnosis: Diagnosis) -> Location | None:
        """Where the fault shows: the call that belongs to the leading cause's stage, else the script."""
        best = diagnosis.causes[0] if diagnosis.causes else None
        if best is not None and best.at is not None:
            return self.of_cause(best)
        sources = self.of(index).sources
        for call in _calls(diagnosis):
            if call in sources:
                return self._relative(*_parted(sources[call]))
        return None if self.script is None else self._relative(self.script, None)

    def of_cause(self, cause: Hypothesis) -> Location | None:
        """The line that carries this cause, where the program was read."""
        return None if cause.at is None else self._relative(cause.at.file, cause.at.line)

    def _relative(self, file: str, line: int | None) -> Location:
        path = Path(file)
        if self.directory is not None:
            root = repository_of(self.directory)
            if not path.is_absolute() and (beside := Path(self.directory, path)).is_file():
                path = beside
            if path.is_absolute() and path.is_relative_to(root):
                path = path.relative_to(root)
        return Location(path.as_posix(), line)


@cache
def repository_of(directory: str) -> Path:
    """Where paths in annotations and SARIF start: the root of the repository, else the directory of the run."""
    here = Path(directory)
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), here)


def background_of(recording: Recording, diagnosed: Sequence[Diagnosis] | None = None) -> Background:
    """What a Recording says around its diagnoses (or around the first ``len(diagnosed)`` of them)."""
    header = recording.header
    indices = [event.get("index") for event in recording.of("diagnosis")]
    return Background(
        script=None if header.get("script") is None else str(header["script"]),
        directory=None if header.get("directory") is None else str(header["directory"]),
        header=header,
        behind=tuple(_behind(recording, index) for index in indices[: None if diagnosed is None else len(diagnosed)]),
    )


def behind(diagnosis: Diagnosis, known: Background, index: int) -> Behind:
    """What was recorded, or else what the Diagnosis itself still holds of its evidence."""
    recorded = known.of(index)
    if recorded.evidence:
        return recorded
    return replace(recorded, trace=diagnosis.measured.trace, evidence=diagnosis.measured.evidence)


def _behind(recording: Recording, index: object) -> Behind:
    def last(kind: str, key: str) -> Any:
        return next((event.get(key) for event in reversed(recording.of(kind)) if event.get("index") == index), None)

    found = [event.get("evidence") for event in recording.of("evidence") if event.get("index") == index]
    return Behind(
        sources=dict(getattr(last("model", "recipe"), "sources", {})),
        trace=last("trace", "trace"),
        evidence={type(one).__name__: one for one in found if one is not None},
        rows=dict(last("model", "rows") or {}),
    )


def _calls(diagnosis: Diagnosis) -> tuple[str, ...]:
    from defib.catalogue import CAUSES, load

    code = diagnosis.causes[0].code if diagnosis.causes else None
    return CALLS[load(code).stage if code in CAUSES else "serving"]


def _parted(source: str) -> tuple[str, int | None]:
    """File and line.

    >>> _parted("C:/a/train.py:12"), _parted("train.py")
    (('C:/a/train.py', 12), ('train.py', None))
    """
    file, _, line = source.rpartition(":")
    return (file, int(line)) if file and line.isdigit() else (source, None)
