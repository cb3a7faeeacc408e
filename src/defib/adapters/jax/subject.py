"""A JAX network, its rows and its recipe, behind the Subject protocol."""

from __future__ import annotations

import functools
import time
from functools import partial
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import Arrays, Captured, as_numpy
from defib.adapters.jax.edits import DRY_ROWS, Impossible, apply_edits
from defib.adapters.jax.initial import initial_weights
from defib.adapters.jax.network import EXTRA, Network, compiled, with_seed
from defib.adapters.jax.objective import Objective, labels_for, loss_edit, objective_for, passes_gradients
from defib.adapters.jax.optimizer import at_once
from defib.adapters.jax.quiet import quiet
from defib.adapters.jax.train import JaxTrained, Loop, course_of, recomputed, transformation_for
from defib.adapters.watched import WatchedSubject
from defib.recipe import Arm, Edit, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Trained,
    TrainingTrace,
)

MOST_LOOPS: Final = 8
"""Compiled trainings kept for other seeds of the same arm."""


@final
class JaxSubject(WatchedSubject[Captured]):
    """See `Subject`. Works on immutable arrays and pure functions: nothing of the user's can be changed by it."""

    framework = "jax"

    def __init__(
        self,
        captured: Captured,
        recipe: TrainingRecipe,
        trace: TrainingTrace,
        *,
        full_batch: bool = False,
        **known: Any,
    ) -> None:
        super().__init__(captured, recipe, trace, **known)
        self._full_batch = full_batch
        self._networks: dict[Moment, Network] = {}
        self._reasons: dict[tuple[Edit, ...], str | None] = {}
        self._loops: dict[Any, Loop] = {}

    def parameters(self) -> tuple[Parameter, ...]:
        """All weights, those that are trained first."""
        initial, record = self.captured.initial or {}, self.captured.optimizer
        found = [
            Parameter(
                name,
                name.rpartition(".")[0] or name,
                as_numpy(initial[name]) if name in initial else None,
                as_numpy(value),
                name not in self.captured.frozen,
                None if record is None else name in record.held,
                self.captured.gradients.get(name),  # type: ignore[arg-type]
            )
            for name, value in self.captured.weights.items()
        ]
        return tuple(sorted(found, key=lambda one: not one.trainable))

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """Running means and variances, by ``layer.mean`` and ``layer.variance``."""
        state = self._arrays(moment)[1]
        return {neutral: as_numpy(state[name]) for name, neutral in self.captured.statistics.items() if name in state}

    def _arrays(self, moment: Moment) -> tuple[Arrays, Arrays]:
        if moment == "end":
            return self.captured.weights, self.captured.state
        if self.captured.initial is None:
            raise NotAvailable("the initial weights")
        return self.captured.initial, self.captured.initial_state or self.captured.state

    def _network(self, moment: Moment) -> Network:
        if moment not in self._networks:
            self._networks[moment] = Network(self.captured, *self._arrays(moment))
        return self._networks[moment]

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """Send rows through and record every layer that was recognized."""
        with quiet():
            network = self._network(moment)
            return self._sent(np.asarray(X), lambda rows: network.record(rows, training))

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of the user's loss, training mode, all rows as one batch.

        ``None`` where the loss does not depend on a weight, or only through ``stop_gradient``.
        """
        X, y = self._one_batch(X, y)
        with quiet():
            network = self._network(moment)
            labels = labels_for(network, Arm(), X, y)
            found = self._gradient(network.weights, network.state, network.rows(X), labels)
        cut = self.captured.gradients
        return tuple(
            Gradient(name, as_numpy(found[name]) if name in found and cut.get(name) != "none" else None)
            for name in network.weights
        )

    @functools.cached_property
    def _gradient(self) -> Any:
        """``(weights, state, rows, labels) -> gradients`` of the user's loss, compiled once per shape."""
        network, objective = self._network("end"), objective_for(self.captured, Arm())

        def gradient(weights: Any, state: Any, rows: Any, labels: Any) -> Any:
            floating = {n: one for n, one in weights.items() if jnp.issubdtype(one.dtype, jnp.floating)}

            def loss(own: Any) -> Any:
                training = self.captured.trained_in_training_mode
                outputs, _ = network.call({**weights, **own}, state, rows, training)
                return objective(outputs, labels, {**weights, **own}, rows)

            return jax.grad(loss)(floating)

        return compiled(gradient, sum(int(one.size) for one in network.weights.values()))

    penalties_in_loss = True

    def penalties(self, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of what the loss asks of the weights themselves, the outputs held fixed; empty without a penalty."""
        tail, rows = self.captured.tail, self.training
        if tail is None or rows is None or rows.y is None:
            return ()
        with quiet():
            network = self._network(moment)
            X = rows.X[: self.recipe.batch_size or len(rows.X)]
            labels, outputs = labels_for(network, Arm(), X, rows.y[: len(X)]), jnp.asarray(network.predict(X))
            floating = {n: one for n, one in network.weights.items() if jnp.issubdtype(one.dtype, jnp.floating)}
            loss = partial(_of_weights, tail, outputs, labels, network.rows(X), network.weights)
            found = {name: as_numpy(one) for name, one in jax.grad(loss)(floating).items()}
        return tuple(Gradient(n, one) for n, one in found.items()) if any(one.any() for one in found.values()) else ()

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """The user's loss, evaluation mode, all rows as one batch."""
        X, y = self._one_batch(X, y)
        with quiet():
            network, objective = self._network(moment), objective_for(self.captured, Arm())
            labels = labels_for(network, Arm(), X, y)
            rows = network.rows(X)
            outputs = jnp.asarray(network.predict(np.asarray(X)))
            return float(objective(outputs, labels, network.weights, rows))

    def can_train(self, arm: Arm) -> str | None:
        """``None``, or why not, as a clause."""
        if self.captured.optimizer is None:
            return "the optimizer is not known"
        if self.captured.tail is None and loss_edit(arm) is None:
            return "the loss is not known"
        if self.training is None:
            return "no training rows were seen"
        if self.only_in_batches_of:
            return self._why_only_in_batches()
        if arm.rate_cap is not None:
            return "a schedule of optax is not capped here"
        if arm.edits not in self._reasons:
            self._reasons[arm.edits] = self._reason(arm, self.training)
        return self._reasons[arm.edits]

    def _reason(self, arm: Arm, rows: Rows) -> str | None:
        """Make the edits on a clone and send a few rows through loss and all."""
        X, y = rows.X[:DRY_ROWS], None if rows.y is None else rows.y[:DRY_ROWS]
        try:
            with quiet():
                network = self._edited(arm, X, 0)
                labels = labels_for(network, arm, X, y)
                objective = objective_for(self.captured, arm)
                value = jax.eval_shape(
                    lambda weights, state, rows: objective(
                        network.call(weights, state, rows, True)[0], labels, weights, rows
                    ),
                    *(network.weights, network.state, network.rows(X)),
                )
                if value.shape:
                    return "the loss is no single number"
                if passes_gradients(arm) and not self._reaches_more(network, objective, labels, network.rows(X)):
                    return "no jax.lax.stop_gradient was seen between the weights and the loss"
        except Impossible as error:
            return str(error)
        except NotAvailable as error:
            return f"it needs {error}"
        except Exception as error:
            return f"the changed model does not run ({type(error).__name__}: {str(error).splitlines()[0][:120]})"
        return None

    def _reaches_more(self, network: Network, objective: Objective, labels: Any, rows: Any) -> bool:
        """Whether this changed network gives a gradient to a weight that had none in the program."""
        own = {name: network.weights[name] for name, word in self.captured.gradients.items() if word == "none"}

        def loss(weights: Any) -> Any:
            everything = {**network.weights, **weights}
            return objective(network.call(everything, network.state, rows, True)[0], labels, everything, rows)

        return any(bool(jnp.any(one != 0)) for one in jax.grad(loss)(own).values())

    def _edited(self, arm: Arm, X: AnyArray, seed: int) -> Network:
        state = self.captured.initial_state or self.captured.state
        network = Network(self.captured, initial_weights(self.captured, seed), with_seed(state, seed))
        apply_edits(network, arm.edits, X, seed)
        return network

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train a clone. Raises `NotAvailable` or `BudgetExceeded`."""
        reason = self.can_train(arm)
        if reason is not None:
            raise NotAvailable(reason)
        started = time.monotonic()
        with quiet():
            X = arm.inputs(rows.X) if arm.inputs is not None else np.asarray(rows.X)
            network = self._edited(arm, X, seed)
            y = labels_for(network, arm, X, rows.y)
            course = course_of(self.recipe, arm, len(X), self._full_batch, self.recipe.n_epochs)
            loop = self._loop(network, arm, course.updates, (X.shape, course.batch))
            weights, state, losses = loop.run(network.rows(X), y, course, arm.learning_rate_factor, seed, deadline)
            network = loop.network.with_arrays(weights, {**state, **self._lost_statistics()})
            if arm.recomputed_statistics:
                network.state |= recomputed(network, network.rows(X), course.batch)
        return JaxTrained(network, arm, losses, time.monotonic() - started)

    def _lost_statistics(self) -> dict[str, Any]:
        """Running statistics, by name, where the program kept none that its steps gave: it predicts with the first."""
        first, end = self.captured.initial_state or {}, self.captured.state
        names = [one for one in self.captured.statistics if one in first and one in end]
        same = bool(names) and all(np.array_equal(as_numpy(first[one]), as_numpy(end[one])) for one in names)
        return {one: end[one] for one in names} if same else {}

    def _loop(self, network: Network, arm: Arm, n_updates: int, shapes: Any) -> Loop:
        """The compiled training of this arm, with the weights of this seed in its network."""
        names = self._updated(network, arm)
        record = self.captured.optimizer
        assert record is not None
        other = arm.loop == "canonical" and (bool(self.captured.frozen) or at_once(record.tx) is not record.tx)
        scheduled = n_updates if arm.constant_rate else 0
        key = (arm.edits, names, other, arm.regularization_factor, arm.clipped, scheduled, shapes)
        if key not in self._loops:
            tx = transformation_for(record, arm, n_updates)
            self._loops[key] = Loop(network, objective_for(self.captured, arm), tx, names)
            while len(self._loops) > MOST_LOOPS:
                self._loops.pop(next(iter(self._loops)))
        loop = self._loops[key]
        loop.network.weights, loop.network.state = dict(network.weights), dict(network.state)
        return loop

    def _updated(self, network: Network, arm: Arm) -> frozenset[str]:
        """Names of the weights that this arm updates (see `Arm.loop`)."""
        record = self.captured.optimizer
        assert record is not None
        everything = frozenset(network.weights)
        if arm.loop == "canonical" or any(edit.op == "unfreeze" for edit in arm.edits):
            return everything
        extras = frozenset(name for name in everything if name.startswith(EXTRA))
        return (record.held - self.captured.frozen) | extras


def _of_weights(tail: Any, outputs: Any, labels: Any, X: Any, everything: Arrays, own: Any) -> Any:
    return tail(outputs, labels, {**everything, **own}, X)
