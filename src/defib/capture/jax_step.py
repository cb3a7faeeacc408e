"""One training step of a JAX program, read from a trace of our own: weights, rows, labels, outputs and loss.

The user's function is traced once more on shapes alone, up to the place where it asks for a gradient; the loss function
is then run as it is, without differentiation, and nothing behind it is run. See docs/design/jax.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import jax
import numpy as np
from jax.extend.core import get_opaque_trace_state

from defib.adapters.jax.captured import as_numpy, flat_arrays
from defib.adapters.jax.graph import Graph, Operand, Ref, flatten, run
from defib.adapters.jax.quiet import quiet
from defib.capture.jax_beside import AVERAGED, averaged, may_be_beside, of_outputs, what_loss_takes
from defib.capture.jax_closure import holding
from defib.capture.jax_cut import Cut, find_cut
from defib.capture.jax_earlier import shown_again
from defib.capture.jax_probe import Found, ModelCall, Now, Probe, Unreadable, asking, noting_calls
from defib.capture.jax_snapshot import Snapshot, is_object, loaded, shape_of
from defib.subject import AnyArray

INSIDE: Final = "inside a loop that JAX compiles"
NO_GRADIENT: Final = "no gradient was asked for when the training step was traced again"


@dataclass(frozen=True)
class Reading:
    """One trace of the step at one batch size."""

    graph: Graph
    loss: Operand
    cut: Cut
    leaves: tuple[int, ...]
    """Numbers of the inputs, in the order of the snapshot's leaves."""


@final
class Step:
    """The user's step: can be traced again for another number of rows."""

    def __init__(self, raw: Callable[..., Any], snapshot: Snapshot) -> None:
        self.raw = raw
        self.snapshot = snapshot
        self.probe = Probe()
        self.object: int | None = None
        """Which of the snapshot's NNX objects is trained."""
        self._readings: dict[Any, Reading] = {}
        self.first = self._traced([shape_of(leaf) for leaf in snapshot.leaves])
        self.batch = self.first.cut.n_rows
        behind = [one.id for one in (self.first.cut.X, self.first.cut.y) if isinstance(one, Ref)]
        reached = self.first.graph.behind(behind)
        self._batched = [
            i
            for i, ref in enumerate(self.first.leaves)
            if ref in reached and self.first.graph.shapes[ref][:1] == (self.batch,)
        ]
        self._readings[self.batch, self._y_shape(self.first)] = self.first
        self._beside: tuple[int, ...] = ()
        self._beside = self._found_beside()
        refs = [self.first.leaves[i] for i in self._beside]
        self.outputs_of_several = of_outputs(self.first.graph, self.first.cut, refs)
        """The outputs are computed from more arrays of rows than one."""
        self.beside = what_loss_takes(self.first.graph, self.first.cut, self.first.loss, refs)
        """What the loss takes of each row besides outputs and labels, as a note; ``None`` for nothing."""

    def _found_beside(self) -> tuple[int, ...]:
        """Leaves that must have as many entries as there are rows: without them the step does not run on more rows."""
        state = [one.id for one in self._collections.values() if isinstance(one, Ref)]
        loss = self.first.loss
        assert isinstance(loss, Ref)
        found = may_be_beside(self.first.graph, self.first.cut, loss.id, self.first.leaves, state)
        if not found or not self._batched or self._runs_on_more():
            return ()
        self._beside = found
        return found if self._runs_on_more() else ()

    def _runs_on_more(self) -> bool:
        try:
            self.at(self.batch + 1)
        except Exception:  # whatever the program raises where two sizes do not fit
            return False
        return True

    def _traced(self, shapes: Sequence[Any]) -> Reading:
        probe = Probe()
        which: list[int] = []

        def function(*leaves: Any) -> Any:
            probe.level = get_opaque_trace_state()
            args, kwargs, objects = self.snapshot.rebuilt(leaves)
            with contextlib.suppress(Found), holding(self.snapshot.places, self.snapshot.around(leaves)):
                self.raw(*args, **kwargs)
            if probe.inside:
                raise Unreadable(
                    f"the gradient is asked for {INSIDE} (lax.scan, fori_loop, vmap); its steps "
                    "cannot be seen one by one. A Python loop around one compiled step can: jax.jit(step)"
                )
            if probe.loss is None:
                raise Unreadable(NO_GRADIENT)
            which[:] = [i for i, one in enumerate(objects) if one is probe.differentiated]
            hint = () if probe.call is None else (rows_of(probe.call), _first_array(probe.call.out))
            return probe.loss, named_weights(probe.differentiated), hint, _collections(probe.call)

        Now.probe = probe
        try:
            with quiet(), asking(), shown_again():
                closed, shape = jax.make_jaxpr(function, return_shape=True)(*shapes)
        finally:
            Now.probe = None
        graph = flatten(closed)
        names = jax.tree_util.tree_leaves({name: name for name in shape[1]})
        weights = dict(zip(names, graph.outputs[1 : 1 + len(names)], strict=True))
        hinted = graph.outputs[1 + len(names) : len(graph.outputs) - len(shape[3])]
        others = jax.tree_util.tree_leaves({name: name for name in shape[3]})
        self._collections = dict(zip(others, graph.outputs[len(graph.outputs) - len(others) :], strict=True))
        once = probe.call is not None and probe.call.count == 1 and len(hinted) == 2
        refs = {name: one.id for name, one in weights.items() if isinstance(one, Ref)}
        cut = find_cut(graph, refs, graph.outputs[0], (hinted[0], hinted[1]) if once else None)
        if isinstance(cut, str):
            raise Unreadable(cut)
        self.probe = probe
        self.object = which[0] if which else None
        return Reading(graph, graph.outputs[0], cut, graph.inputs)

    def _y_shape(self, reading: Reading) -> tuple[int, ...]:
        y = reading.cut.y
        return reading.graph.shapes[y.id][1:] if isinstance(y, Ref) else ()

    def at(self, n_rows: int, y_shape: tuple[int, ...] | None = None) -> Reading:
        """The reading for so many rows (and labels of another shape per row)."""
        y_shape = self._y_shape(self.first) if y_shape is None else y_shape
        key = (n_rows, y_shape)
        if key not in self._readings:
            shapes = [shape_of(leaf) for leaf in self.snapshot.leaves]
            for i in (*self._batched, *self._beside):
                shapes[i] = jax.ShapeDtypeStruct((n_rows, *shapes[i].shape[1:]), shapes[i].dtype)
            y = self.first.cut.y
            if y_shape != self._y_shape(self.first) and isinstance(y, Ref) and y.id in self.first.leaves:
                at = self.first.leaves.index(y.id)
                shapes[at] = jax.ShapeDtypeStruct((n_rows, *y_shape), shapes[at].dtype)
            self._readings[key] = self._traced(shapes)
        return self._readings[key]

    @property
    def any_size(self) -> bool:
        """Whether the rows come in through arguments, so that the step can be traced for another number of them."""
        return bool(self._batched)

    def rows(self, leaves: Sequence[Any]) -> tuple[AnyArray, AnyArray | None]:
        """Rows and labels of a call with these leaves, as they reach the model and the loss."""
        X, y = self.first.cut.X, self.first.cut.y
        direct = [
            self.first.leaves.index(one.id) for one in (X, y) if isinstance(one, Ref) and one.id in self.first.leaves
        ]
        if len(direct) == 2:
            return as_numpy(leaves[direct[0]]), as_numpy(leaves[direct[1]])
        n = next((len(leaves[i]) for i in self._batched), self.batch)
        reading = self.at(n)
        given = dict(zip(reading.leaves, leaves, strict=True))
        wanted = [reading.cut.X, *([] if reading.cut.y is None else [reading.cut.y])]
        with quiet():
            found = [as_numpy(one) for one in run(reading.graph, given, wanted)]
        return found[0], found[1] if len(found) > 1 else None

    def module(self, leaves: Sequence[Any] | None = None) -> Any:
        """A copy of the NNX module that is trained, as it was in the first call; ``None`` for plain weights."""
        if self.object is None:
            return None
        return self.snapshot.rebuilt(self.snapshot.leaves if leaves is None else leaves)[2][self.object]

    def collections(self) -> dict[str, Any]:
        """What a Linen model holds besides its weights (``batch_stats.…``), as the first call was given it."""
        self._traced([shape_of(leaf) for leaf in self.snapshot.leaves])
        given = dict(zip(self.first.leaves, self.snapshot.leaves, strict=True))
        with quiet():
            values = run(self.first.graph, given, list(self._collections.values()))
        return dict(zip(self._collections, values, strict=True))

    def first_gradients(self) -> dict[str, AnyArray]:
        """Gradient of the first step's loss by the weights."""
        given = {**dict(zip(self.first.leaves, self.snapshot.leaves, strict=True))}
        refs = self.first.cut.weights
        weights = {name: given[ref] for name, ref in refs.items() if ref in given and given[ref].dtype.kind == "f"}

        def loss(own: Any) -> Any:
            values = {**given, **{refs[name]: value for name, value in own.items()}}
            return run(self.first.graph, values, [self.first.loss])[0].reshape(())

        with quiet():
            return {name: as_numpy(value) for name, value in jax.jit(jax.grad(loss))(weights).items()}

    def weights(self, leaves: Sequence[Any]) -> dict[str, Any]:
        """The weights that a call with these leaves started from."""
        given = dict(zip(self.first.leaves, leaves, strict=True))
        names, refs = tuple(self.first.cut.weights), tuple(self.first.cut.weights.values())
        if all(ref in given for ref in refs):
            return {name: given[ref] for name, ref in zip(names, refs, strict=True)}
        with quiet():
            found = run(self.first.graph, given, [Ref(ref) for ref in refs])
        return dict(zip(names, found, strict=True))

    def tail(self, outputs: Any, y: Any, weights: Mapping[str, Any], X: Any) -> Any:
        """The loss of these outputs."""
        reading = self.at(len(outputs), tuple(y.shape[1:]))
        given = self._constants(reading)
        if self.beside == AVERAGED:
            leaves = self.snapshot.leaves
            given |= {reading.leaves[i]: averaged(leaves[i], len(outputs)) for i in self._beside}
        given |= {reading.cut.weights[name]: value for name, value in weights.items() if name in reading.cut.weights}
        for operand, value in ((reading.cut.X, X), (reading.cut.y, y), (reading.cut.output, outputs)):
            if isinstance(operand, Ref) and value is not None:
                given[operand.id] = value
        return run(reading.graph, given, [reading.loss])[0].reshape(())

    def head(self, weights: Mapping[str, Any], X: Any) -> Any:
        """The outputs of these rows, by the program's own code in the training step."""
        reading = self.at(len(X))
        given = self._constants(reading)
        given |= {reading.cut.weights[name]: value for name, value in weights.items() if name in reading.cut.weights}
        if isinstance(reading.cut.X, Ref):
            given[reading.cut.X.id] = X
        return run(reading.graph, given, [reading.cut.output])[0]

    def _constants(self, reading: Reading) -> dict[int, Any]:
        """What the step was given besides rows and weights (keys, coefficients), as in the first call."""
        return {
            ref: leaf
            for i, (ref, leaf) in enumerate(zip(reading.leaves, self.snapshot.leaves, strict=True))
            if i not in self._batched and i not in self._beside
        }


def _collections(call: ModelCall | None) -> dict[str, Any]:
    if call is None or not isinstance(call.variables, Mapping):
        return {}
    return flat_arrays({name: value for name, value in call.variables.items() if name != "params"})


def named_weights(differentiated: Any) -> dict[str, Any]:
    """What the gradient is taken of, by name."""
    nnx = loaded("flax.nnx")
    if nnx is not None and isinstance(differentiated, nnx.Module):
        from defib.adapters.jax.nnx import weights_of

        return weights_of(differentiated)
    return flat_arrays(differentiated)


def rows_of(call: ModelCall) -> Any:
    """The rows that the model was called with."""
    return _first_array((call.args, call.kwargs))


def _first_array(value: Any) -> Any:
    leaves = [
        one for one in jax.tree_util.tree_leaves(value, is_leaf=is_object) if hasattr(one, "shape") and len(one.shape)
    ]
    return leaves[0] if leaves else np.zeros(0)


EVALUATED: Final = "evaluation"


def read_evaluation(raw: Callable[..., Any], snapshot: Snapshot, which: int | None) -> tuple[AnyArray, AnyArray] | None:
    """Rows and outputs of the model's first call in a function that takes no gradient; ``None`` without such a call.

    ``which`` of the snapshot's NNX objects is the model; ``None`` for a Linen module.
    """
    probe = Probe(running=True)

    def function(*leaves: Any) -> Any:
        args, kwargs, objects = snapshot.rebuilt(leaves)
        module = None if which is None else objects[which]
        with noting_calls(module, probe):
            raw(*args, **kwargs)
        if probe.call is None:
            raise Unreadable("the model is not called")
        return rows_of(probe.call), _first_array(probe.call.out)

    Now.probe = probe
    try:
        with quiet():
            X, outputs = jax.jit(function)(*snapshot.leaves)
    except Unreadable:
        return None
    finally:
        Now.probe = None
    return as_numpy(X), as_numpy(outputs)
