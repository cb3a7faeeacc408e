"""Training a clone: the recorded recipe with at most one change."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import OptimizerRecord
from defib.adapters.jax.network import EXTRA, Network, compiled
from defib.adapters.jax.objective import Objective, link_of_arm
from defib.adapters.jax.optimizer import (
    at_once,
    with_constant_rate,
    with_decay_times,
    without_clipping,
    without_masks,
)
from defib.adapters.jax.quiet import quiet
from defib.adapters.watched import MAX_LOSSES, TrainedClone
from defib.recipe import Arm, TrainingRecipe
from defib.subject import AnyArray, BudgetExceeded, FloatArray

CHUNK: Final = 25
"""Updates that run as one compiled loop between two looks at the clock."""


@final
class JaxTrained(TrainedClone):
    """A trained clone."""

    def __init__(self, network: Network, arm: Arm, loss: FloatArray, seconds: float) -> None:
        super().__init__(arm, loss, seconds)
        self.network = network

    @property
    def link(self) -> str:
        """What turns the outputs into probabilities."""
        return link_of_arm(self.network.captured, self.arm)

    def _outputs(self, rows: AnyArray) -> FloatArray:
        with quiet():
            return self.network.predict(rows)


@dataclass(frozen=True)
class Course:
    """How long and in which order."""

    n_rows: int
    batch: int
    updates: int
    shuffle: bool
    last: int
    """After how many of them the training ends."""

    def batches(self, seed: int) -> Iterator[AnyArray]:
        """Indices of one batch after the other, all of one size: a last, smaller batch is left out."""
        rng = np.random.default_rng([seed, 20_000])
        whole = self.n_rows // self.batch * self.batch
        while True:
            order = rng.permutation(self.n_rows) if self.shuffle else np.arange(self.n_rows)
            yield from order[:whole].reshape(-1, self.batch)


def course_of(recipe: TrainingRecipe, arm: Arm, n_rows: int, full_batch: bool, epoch_rows: int | None) -> Course:
    """As many epochs as recorded; rows that never came twice are one long stream: then as many updates."""
    batch = n_rows if full_batch else min(recipe.batch_size or 32, n_rows)
    updates = float(recipe.n_updates)
    if epoch_rows and recipe.n_epochs and not full_batch:
        updates = recipe.n_epochs * max(n_rows // batch, 1)
    shuffle = bool(recipe.shuffled) if arm.shuffle is None else arm.shuffle
    whole = max(1, round(updates * arm.updates_factor))
    last = max(1, round(whole * arm.stop_at))
    last = last if arm.stop_after is None else min(last, arm.stop_after)
    return Course(n_rows, max(batch, 1), whole, shuffle, last)


def transformation_for(record: OptimizerRecord, arm: Arm, n_updates: int) -> Any:
    """The user's optimizer with what the arm changes about it, except the size of its steps."""
    tx = record.tx
    if arm.regularization_factor != 1.0:
        tx = with_decay_times(tx, arm.regularization_factor)
    if arm.constant_rate:
        tx = with_constant_rate(tx, n_updates)
    if not arm.clipped:
        tx = without_clipping(tx)
    if arm.loop == "canonical" or any(edit.op == "unfreeze" for edit in arm.edits):
        tx = without_masks(at_once(tx) if arm.loop == "canonical" else tx)
    return tx


@final
class Loop:
    """Forward, loss, gradient, step, over and over; compiled once for all seeds and step sizes of an arm."""

    def __init__(self, network: Network, objective: Objective, tx: Any, names: frozenset[str]) -> None:
        self.network = network
        self.objective = objective
        self.tx = tx
        self.names = names
        self.several = compiled(self._several, sum(int(one.size) for one in network.weights.values()))

    def start(self, weights: Mapping[str, Any]) -> Any:
        """The optimizer's state."""
        own, extras = self._parts(weights)
        return self.tx.init(self._structured(own)), (self.tx.init(extras) if extras else ())

    def _record(self) -> OptimizerRecord:
        record = self.network.captured.optimizer
        assert record is not None
        return record

    def _structured(self, own: Mapping[str, Any]) -> Any:
        return self._record().structured(own)

    def _parts(self, weights: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        held = self._record().held
        own = {name: value for name, value in weights.items() if name in held}
        return own, {name: weights[name] for name in weights if name not in held and name in self.names}

    def _update(self, weights: Any, state: Any, optimizer: Any, X: Any, y: Any, factor: Any, training: bool) -> Any:
        def loss(own: Any) -> Any:
            outputs, after = self.network.call({**weights, **own}, state, X, training)
            return self.objective(outputs, y, {**weights, **own}, X), after

        floating = {name: one for name, one in weights.items() if jnp.issubdtype(one.dtype, jnp.floating)}
        (value, after), gradients = jax.value_and_grad(loss, has_aux=True)(floating)
        gradients = {name: gradients.get(name, jnp.zeros_like(one)) for name, one in weights.items()}
        (own, extras), (own_gradients, extra_gradients) = self._parts(weights), self._parts(gradients)
        structured = self._structured(own)
        step, kept = self.tx.update(self._structured(own_gradients), optimizer[0], structured)
        moves = self._record().flat(step)
        others: Any = ()
        if extras:
            step, others = self.tx.update(extra_gradients, optimizer[1], extras)
            moves = {**moves, **step}
        moved = {
            name: (one + factor * moves[name]).astype(one.dtype) if name in self.names and name in moves else one
            for name, one in weights.items()
        }
        return moved, after, (kept, others), value

    def _several(self, start: Any, X: Any, y: Any, index: Any, n: Any, factor: Any) -> Any:
        """The first ``n`` of the batches in ``index`` ``(CHUNK, batch)``; one program whatever ``n``."""
        training = self.network.captured.trained_in_training_mode

        def body(i: Any, carry: Any) -> Any:
            (weights, state, optimizer), losses = carry
            rows = index[i]
            moved = self._update(weights, state, optimizer, X[rows], y[rows], factor, training)
            return moved[:3], losses.at[i].set(moved[3])

        return jax.lax.fori_loop(0, n, body, (start, jnp.zeros(CHUNK)))

    def run(
        self, X: Any, y: Any, course: Course, factor: float, seed: int, deadline: float | None
    ) -> tuple[dict[str, Any], dict[str, Any], FloatArray]:
        """Weights and state after ``course.last`` updates, and sampled losses. Raises `BudgetExceeded`."""
        weights, state = dict(self.network.weights), dict(self.network.state)
        optimizer = self.start(weights)
        batches = course.batches(seed)
        losses: list[Any] = []
        done = 0
        while done < course.last:
            if deadline is not None and time.monotonic() > deadline:
                raise BudgetExceeded(f"after {done} of {course.updates} updates")
            n = min(CHUNK, course.last - done)
            index = np.stack([next(batches) for _ in range(n)])
            padded = np.concatenate([index, np.repeat(index[:1], CHUNK - n, axis=0)])
            (weights, state, optimizer), values = self.several((weights, state, optimizer), X, y, padded, n, factor)
            losses.append(values[:n])
            done += n
        found = np.concatenate([np.empty(0), *(np.asarray(one, dtype=np.float64) for one in losses)])
        return weights, state, found[:: max(1, math.ceil(len(found) / MAX_LOSSES))]


def recomputed(network: Network, X: Any, batch: int) -> dict[str, Any]:
    """Running statistics as plain averages over the rows: what training-mode passes leave in each, undone for momentum.

    A pass moves a statistic from ``s`` to ``m s + (1 - m) b``; passes from two starts give ``m`` and so ``b``.
    """
    names = [name for name in network.state if name in network.captured.statistics or name.startswith(EXTRA)]
    if not names:
        return {}
    call = compiled(partial(_after_pass, network), 0)
    totals = {name: jnp.zeros_like(network.state[name]) for name in names}
    count = 0
    for start in range(0, max(len(X) - batch + 1, 1), batch):
        rows = X[start : start + batch]
        zero = call({**network.state, **{name: jnp.zeros_like(network.state[name]) for name in names}}, rows)
        one = call({**network.state, **{name: jnp.ones_like(network.state[name]) for name in names}}, rows)
        for name in names:
            momentum = one[name] - zero[name]
            totals[name] += jnp.where(momentum < 1, zero[name] / jnp.maximum(1 - momentum, 1e-6), network.state[name])
        count += 1
    return {name: total / count for name, total in totals.items()}


def _after_pass(network: Network, state: Any, rows: Any) -> Any:
    return network.call(network.weights, state, rows, True)[1]
