"""A clone that can be run, recorded and changed: the user's pure function with other weights and a plan of changes."""

from __future__ import annotations

import functools
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import Arrays, Captured, as_numpy, is_key
from defib.adapters.jax.graph import Operand, Ref, Replacement, let_through, run, traced
from defib.adapters.jax.reading import Step, read_layers
from defib.subject import AnyArray, FloatArray, ForwardPass, LayerOutput, NotAvailable

CHUNK_ROWS = 2_048
"""Rows per pass when only outputs are wanted."""


@final
class Program:
    """The graph of one forward pass at one number of rows."""

    def __init__(self, network: Network, X: Any, training: bool) -> None:
        self.n_rows = int(jax.tree_util.tree_leaves(X)[0].shape[0])
        self.state_names = tuple(name for name in network.state if not name.startswith(EXTRA))
        apply = network.captured.apply

        def function(weights: Any, state: Any, rows: Any) -> Any:
            outputs, after = apply(weights, state, rows, training)
            return outputs, {name: after.get(name, state[name]) for name in self.state_names}

        own = {name: network.weights[name] for name in network.weights if not name.startswith(EXTRA)}
        state = {name: network.state[name] for name in self.state_names}
        self.graph, shapes = traced(function, own, state, X)
        leaves = jax.tree_util.tree_leaves(own)
        n_state = len(jax.tree_util.tree_leaves(state))
        self.size = sum(int(one.size) for one in own.values())
        self.own = tuple(jax.tree_util.tree_leaves({name: name for name in own}))
        self.weight_ids = dict(zip(self.own, self.graph.inputs[: len(leaves)], strict=True))
        order = jax.tree_util.tree_leaves({name: name for name in self.state_names})
        self.state_ids = dict(zip(order, self.graph.inputs[len(leaves) : len(leaves) + n_state], strict=True))
        self.row_ids = self.graph.inputs[len(leaves) + n_state :]
        n_outputs = len(jax.tree_util.tree_leaves(shapes[0]))
        self.outputs = self.graph.outputs[:n_outputs]
        self.after = dict(zip(order, self.graph.outputs[n_outputs:], strict=True))

    @property
    def output(self) -> Operand:
        """The prediction: the first array that the model returns."""
        if not self.outputs:
            raise NotAvailable("an output of the model")
        return self.outputs[0]

    @functools.cached_property
    def layers(self) -> tuple[Step, ...]:
        """The layers in the order in which they run."""
        names = {ref: name for name, ref in self.weight_ids.items()}
        return read_layers(self.graph, names, self.row_ids, self.output, self.n_rows)

    @functools.cached_property
    def recorder(self) -> Any:
        """``(weights, state, rows) -> [outputs, value of each layer]``, compiled once."""
        wanted: list[Operand] = [self.output, *(Ref(one.value) for one in self.layers)]

        def function(weights: Any, state: Any, rows: Any) -> Any:
            return run(self.graph, self.given(weights, state, rows), wanted)

        return compiled(function, self.size)

    def given(self, weights: Arrays, state: Arrays, X: Any) -> dict[int, Any]:
        """Values of the graph's inputs."""
        return {
            **{ref: weights[name] for name, ref in self.weight_ids.items()},
            **{ref: state[name] for name, ref in self.state_ids.items()},
            **dict(zip(self.row_ids, jax.tree_util.tree_leaves(X), strict=True)),
        }


EXTRA = "defib_extra."
"""Prefix of weights and statistics that an edit adds."""


@final
class Network:
    """Weights, state, and the changes that edits have made; see `defib.adapters.jax.edits`."""

    def __init__(self, captured: Captured, weights: Arrays, state: Arrays) -> None:
        self.captured = captured
        self.weights = dict(weights)
        self.state = dict(state)
        self.plan: dict[str, Any] = {}
        """Name of a layer → ``(weights, state, training, notes, step) -> Replacement``."""
        self.at_door: Any = None
        self.folded: tuple[str, ...] = ()
        self.passes_gradients = False
        """Gradients go through where the program stops them."""
        self._programs: dict[Any, Program] = {}

    def program(self, X: Any, training: bool) -> Program:
        """The graph for rows of this shape."""
        key = (tuple((one.shape, str(one.dtype)) for one in jax.tree_util.tree_leaves(X)), training)
        if key not in self._programs:
            self._programs[key] = Program(self, X, training)
        return self._programs[key]

    def forget_programs(self) -> None:
        """After weights have changed their shape."""
        self._programs.clear()

    def with_arrays(self, weights: Arrays, state: Arrays) -> Network:
        """The same changed network with other weights; graphs that were read are shared."""
        other = Network(self.captured, weights, state)
        other.plan, other.at_door, other.folded = self.plan, self.at_door, self.folded
        other.passes_gradients = self.passes_gradients
        other._programs = self._programs
        return other

    def rows(self, X: AnyArray) -> Any:
        """Rows as JAX takes them: in 32 bits unless the program enabled 64."""
        return jnp.asarray(np.asarray(X))

    def call(self, weights: Arrays, state: Arrays, X: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        """Outputs and the state after the pass; can be traced and differentiated."""
        notes: dict[str, Any] = {}
        if self.at_door is not None:
            X = self.at_door(X, weights, state, training, notes)
        program = self.program(X, training)
        plan: dict[int, Replacement] = {
            step.op: self.plan[step.layer.name](weights, state, training, notes, step)
            for step in (program.layers if self.plan else ())
            if step.layer.name in self.plan
        }
        if self.passes_gradients:
            plan |= let_through(program.graph)
        wanted = [program.output, *program.after.values()]
        values = run(program.graph, program.given(weights, state, X), wanted, plan)
        after = {**state, **dict(zip(program.after, values[1:], strict=True)), **notes}
        outputs = values[0]
        for name in self.folded:
            outputs = ACTIVATIONS[name](outputs)
        return outputs, after

    def predict(self, X: AnyArray) -> FloatArray:
        """Outputs in evaluation mode, in chunks of rows."""
        found = [as_numpy(self._evaluate(X[i : i + CHUNK_ROWS])) for i in range(0, len(X), CHUNK_ROWS)]
        return np.concatenate(found) if len(found) > 1 else found[0]

    def _evaluate(self, X: AnyArray) -> Any:
        return _jitted(self)(self.weights, self.state, self.rows(X))

    def record(self, X: AnyArray, training: bool) -> ForwardPass:
        """One pass with the output of every layer."""
        rows = self.rows(X)
        program = self.program(rows, training)
        steps = program.layers
        values = [as_numpy(one) for one in program.recorder(self.weights, self.state, rows)]
        layers = tuple(
            LayerOutput(step.layer, np.moveaxis(value, step.rows_axis, 0))
            for step, value in zip(steps, values[1:], strict=True)
        )
        return ForwardPass(values[0], layers)


SMALL: Final = 100_000
"""Weights below which compiling costs more than running."""
QUICKLY: Final = {"xla_backend_optimization_level": 0}


def compiled(function: Any, size: int) -> Any:
    """``jax.jit`` that compiles quickly for networks of few weights."""
    return jax.jit(function, compiler_options=QUICKLY if size < SMALL else None)


def _jitted(network: Network) -> Any:
    found = getattr(network, "_compiled", None)
    if found is None:
        size = sum(int(one.size) for one in network.weights.values())
        found = compiled(lambda weights, state, rows: network.call(weights, state, rows, False)[0], size)
        network._compiled = found  # type: ignore[attr-defined]
    return found


def with_seed(state: Arrays, seed: int) -> dict[str, Any]:
    """State whose random keys belong to this seed; the captured ones for seed 0."""
    return {
        name: jax.random.fold_in(value, seed) if seed and is_key(value) and value.ndim == 0 else value
        for name, value in state.items()
    }


ACTIVATIONS: dict[str, Any] = {
    "linear": lambda z: z,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softmax": lambda z: jax.nn.softmax(z, axis=-1),
    "log_softmax": lambda z: jax.nn.log_softmax(z, axis=-1),
}
