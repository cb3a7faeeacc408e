"""Everything seen of one JAX training, while it goes on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

import jax
import numpy as np

from defib.adapters.jax.captured import as_numpy, flat_arrays, is_key
from defib.adapters.jax.graph import run
from defib.adapters.jax.quiet import quiet
from defib.capture.jax_closure import Place
from defib.capture.jax_snapshot import Snapshot
from defib.capture.jax_step import Step
from defib.capture.planned import CountedLoop
from defib.capture.torch_rows import RowStore
from defib.subject import FloatArray

KEPT: Final = 4_096
MAX_SERVED: Final = 12
RESTARTED: Final = 2
"""Times that a training begins again with its first weights, from which on these are what the program keeps."""


@dataclass
class Served:
    """A call outside of the training."""

    raw: Any
    snapshot: Snapshot
    out: Any
    steps: int
    line: str
    objects: tuple[int, ...] = ()
    """``id`` of the NNX objects in it, in the order of the snapshot."""
    weights: Mapping[str, Any] | None = None
    """Of the network, where the call was handed them."""


@final
class Losses:
    """Losses of all steps as device arrays, evenly thinned; nothing waits for them until the end."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._stride = 1
        self._count = 0

    def add(self, value: Any) -> None:
        """A scalar array."""
        if self._count % self._stride == 0:
            self._kept.append(value)
            if len(self._kept) >= KEPT:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._count += 1

    @property
    def wants_one(self) -> bool:
        """Of losses that cost something: the first 32 steps, then ever fewer."""
        return self._count < 32 or self._count % (1 << max(self._count.bit_length() - 5, 0)) == 0

    def skip(self) -> None:
        """A step without a loss."""
        self._count += 1

    def read(self) -> FloatArray:
        """In order, at most 2,000."""
        kept = self._kept[:: max(1, -(-len(self._kept) // 2_000))]
        return np.array([float(one) for one in kept], dtype=np.float64)


@final
class Study:
    """One training, from the first call of its step on."""

    def __init__(self, raw: Callable[..., Any], step: Step, model: Any, line: str) -> None:
        self.raw = raw
        self.step = step
        self.model = model
        """The user's NNX module; ``None`` for weights that are passed around."""
        self.rows = RowStore()
        self.losses = Losses()
        self.n_steps = 0
        self.initial: dict[str, Any] = copied(step.weights(step.snapshot.leaves))
        self.second: dict[str, Any] | None = None
        """Weights when the second step began."""
        self.last: Mapping[str, Any] = self.initial
        """Weights as last seen."""
        self.verified = False
        """Weights were seen to come out of one call and go into the next."""
        self.loss_at: int | None = None
        self.sources: dict[str, str] = {"fit": line} if line else {}
        self.notes: list[str] = []
        self.started = self.ended = time.perf_counter()
        self.held: list[Any] = []
        self.kept_nothing = False
        """What the steps made of the weights was dropped, each time."""
        self.restarts = 0
        """Times that it began again with the very first weights, while the optimizer's state went on."""
        self.loops: tuple[CountedLoop, ...] = ()
        """Counted loops of the program's around its first step."""
        self.optimizer: Any = None
        self.gradients: dict[str, str] = {}
        self.out: Any = None
        """Result of the last step."""
        self.results: dict[str, Any] = {}
        """Arrays of the last call's result that may be the weights after it."""

    def stood_still(self) -> bool:
        """Several steps were made, and the last one began with the very weights of the first: results were dropped."""
        if self.restarts >= RESTARTED:
            return True
        if self.n_steps <= 2 or self.verified or self.model is not None:
            return False
        return same_weights(self.last, self.initial)

    def carried_into(self, call: Snapshot) -> bool:
        """Whether anything that the last step gave goes into this call, of whose weights that is known not to be so."""
        given = {id(one) for one in jax.tree_util.tree_leaves(self.out)}
        return any(id(call.original(leaf)) in given for leaf in call.leaves)

    def see(self, given: list[Any], out: Any) -> None:
        """A step is over."""
        if self.rows.wants_rows:
            X, y = self.step.rows(given)
            self.rows.add(X, y)
        elif self.rows.wants_keys:
            self.rows.skip(self.step.rows(given)[0])
        self.count(out, given)

    def count(self, out: Any, given: list[Any] | None = None) -> None:
        """One more step, and its loss."""
        self.n_steps += 1
        self.ended = time.perf_counter()
        leaves = jax.tree_util.tree_leaves(out)
        if self.loss_at is not None and self.loss_at < len(leaves):
            self.losses.add(leaves[self.loss_at])
        elif given is not None:
            self._measure(given)
        self.out = out

    def find_loss(self, out: Any) -> None:
        """Which number of the step's result is the loss: the only one, or the one with its value."""
        leaves = jax.tree_util.tree_leaves(out)
        numbers = [i for i, one in enumerate(leaves) if _is_number(one)]
        if len(numbers) > 1:
            value = float(self._loss(self.step.snapshot.leaves))
            numbers = [i for i in numbers if np.isclose(float(leaves[i]), value, rtol=1e-3, equal_nan=True)]
        self.loss_at = numbers[0] if numbers else None

    @functools.cached_property
    def _loss(self) -> Any:
        """The loss of a call with these leaves, compiled; for programs that do not show it."""
        reading = self.step.first
        return jax.jit(
            lambda leaves: run(reading.graph, dict(zip(reading.leaves, leaves, strict=True)), [reading.loss])[0]
        )

    def _measure(self, given: list[Any]) -> None:
        """The loss of a sampled step whose program shows none."""
        shapes = [one.shape for one in self.step.snapshot.leaves]
        whole = all(not getattr(one, "is_deleted", bool)() for one in given)
        if self.losses.wants_one and whole and [one.shape for one in given] == shapes:
            with quiet():
                self.losses.add(self._loss(given))
        else:
            self.losses.skip()


@dataclass
class FunctionWatch:
    """One function that the program compiled, or whose gradient it takes without compiling."""

    raw: Callable[..., Any]
    places: list[Place] = field(default_factory=list)
    has_gradient: bool = False
    earlier: bool = False
    """It may have been traced before the watching began: what it asks for shows in a trace of our own."""
    failed: bool = False
    calls: int = 0
    donated: frozenset[int] = frozenset()
    """Numbers of its arrays whose memory each call gives away."""
    step: Step | None = None
    settled: Any = None
    """The training of an NNX model that this function steps, once its rows are known."""


def _is_number(one: Any) -> bool:
    return getattr(one, "shape", None) == () and bool(getattr(one, "dtype", np.dtype(int)).kind == "f")


def same_weights(weights: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether all of these weights are bit-equal to the others of their names."""
    return all(np.array_equal(np.asarray(one), np.asarray(other[name])) for name, one in weights.items())


def weights_in(tree: Any, like: Mapping[str, Any]) -> dict[str, Any] | None:
    """The part of a nesting that has these arrays by the end of their names, and shapes; ``None`` where none does."""
    flat = flat_arrays(tree)
    ends: dict[str, list[str]] = {}
    for name, leaf in flat.items():
        for wanted, value in like.items():
            if (name == wanted or name.endswith(f".{wanted}")) and getattr(leaf, "shape", None) == value.shape:
                ends.setdefault(name[: len(name) - len(wanted)], []).append(name)
    for prefix, names in ends.items():
        if len(names) == len(like):
            return {wanted: flat[f"{prefix}{wanted}"] for wanted in like}
    return None


def copied(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """As NumPy; random keys stay."""
    return {name: value if is_key(value) else as_numpy(value) for name, value in arrays.items()}
