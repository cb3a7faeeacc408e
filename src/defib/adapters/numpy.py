"""A small hand-written network in NumPy: the oracle other adapters are held to, the worked example of a Subject.

Dense layers with relu, leaky_relu, sigmoid, tanh, softmax or no activation; binary and categorical cross-entropy
and squared error; SGD and Adam. Everything is float64 and written to be read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from defib.adapters.numpy_network import (
    CANONICAL_LOSSES,
    Dense,
    Network,
    Stepper,
    activation_named,
    as_targets,
    draw,
    draw_layer,
    loss_and_gradient,
    run_backward,
    run_forward,
    weights_of,
    with_weights,
)
from defib.adapters.watched import TrainedClone
from defib.recipe import Arm, Edit, LossFacts, OptimizerFacts, TrainingRecipe
from defib.subject import (
    AnyArray,
    BudgetExceeded,
    FloatArray,
    ForwardPass,
    Gradient,
    Inside,
    Layer,
    LayerOutput,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Subject,
    Trained,
    TrainingTrace,
)

__all__ = ["NumpySubject", "NumpyTrained", "draw", "trained_subject"]

SUPPORTED_EDITS = ("hidden_activation", "reinitialize", "head", "loss")


@dataclass(frozen=True)
class _Plan:
    """What one training runs."""

    network: Network
    loss: LossFacts
    optimizer: OptimizerFacts
    n_updates: int
    batch_size: int
    shuffle: bool
    frozen: tuple[int, ...] = ()
    stop_after: int | None = None


def _batches(n: int, plan: _Plan, rng: np.random.Generator) -> Iterator[AnyArray]:
    done = 0
    most = plan.n_updates if plan.stop_after is None else min(plan.stop_after, plan.n_updates)
    while done < most:
        order = rng.permutation(n) if plan.shuffle else np.arange(n)
        for start in range(0, n, plan.batch_size):
            if done == most:
                return
            done += 1
            yield order[start : start + plan.batch_size]


def run_training(
    plan: _Plan, X: FloatArray, y: FloatArray, seed: int, deadline: float | None
) -> tuple[Network, FloatArray]:
    """The trained network and the loss of every update. Raises `BudgetExceeded` past the deadline."""
    network, stepper = plan.network, Stepper(plan.optimizer)
    losses: list[float] = []
    with np.errstate(all="ignore"):  # a step that is too large may overflow; that is what is being studied
        for batch in _batches(len(X), plan, np.random.default_rng(seed)):
            if deadline is not None and time.monotonic() > deadline:
                raise BudgetExceeded(f"after {len(losses)} of {plan.n_updates} updates")
            value, gradients = run_backward(network, X[batch], y[batch], plan.loss)
            losses.append(value)
            before = weights_of(network)
            after = stepper.step(before, gradients)
            kept = [before[i] if i in plan.frozen else after[i] for i in range(len(after))]
            network = with_weights(network, kept)
    return network, np.array(losses)


@final
class NumpyTrained(TrainedClone):
    """A trained clone."""

    def __init__(self, network: Network, losses: FloatArray, seconds: float, arm: Arm, loss: LossFacts) -> None:
        super().__init__(arm, losses, seconds)
        self.network = network
        self._loss = loss

    @property
    def link(self) -> str:
        """From the loss: a loss on logits leaves the squashing to us."""
        if self._loss.takes != "logits":
            return "identity"
        return "softmax" if self._loss.kind == "categorical_cross_entropy" else "sigmoid"

    def _entered(self, X: AnyArray) -> AnyArray:
        return _enter(X, self.arm)

    def _outputs(self, rows: AnyArray) -> FloatArray:
        with np.errstate(all="ignore"):
            return run_forward(self.network, rows)[-1][1]

    def inside(self) -> Inside:
        """Everything can be looked at."""
        return NumpyInside(self.network, self._loss)


@final
class NumpyInside(Inside):
    """A trained network as a Subject whose only moment is its end."""

    def __init__(self, network: Network, loss: LossFacts) -> None:
        self._subject = NumpySubject(network, network, TrainingRecipe(loss), training=None)

    def parameters(self) -> tuple[Parameter, ...]:
        """As the Subject's, the initial values left out."""
        return tuple(replace(one, initial=None) for one in self._subject.parameters())

    def buffers(self) -> dict[str, FloatArray]:
        """None."""
        return {}

    def forward(self, X: AnyArray, *, training: bool = False) -> ForwardPass:
        """All pre-activations and activations."""
        return self._subject.forward(X)

    def gradients(self, X: AnyArray, y: AnyArray) -> tuple[Gradient, ...]:
        """By back-propagation."""
        return self._subject.gradients(X, y)

    def loss(self, X: AnyArray, y: AnyArray) -> float:
        """Mean loss over the rows."""
        return self._subject.loss(X, y)


def _enter(X: AnyArray, arm: Arm) -> FloatArray:
    rows = arm.inputs(X) if arm.inputs is not None else X
    return np.asarray(np.asarray(rows, dtype=np.float64).reshape(len(rows), -1))


@final
class NumpySubject(Subject):
    """A NumPy network with its rows and recipe; see `trained_subject` for one that was really trained."""

    def __init__(
        self,
        initial: Network,
        end: Network,
        recipe: TrainingRecipe,
        *,
        training: Rows | None,
        prediction: Rows | None = None,
        prediction_outputs: FloatArray | None = None,
        held_out: Rows | None = None,
        trace: TrainingTrace | None = None,
        frozen: tuple[int, ...] = (),
        name: str = "network",
    ) -> None:
        self.name = name
        self.framework = "numpy"
        self.recipe = recipe
        self.trace = trace or TrainingTrace()
        self.training = training
        self.prediction = prediction
        self.prediction_outputs = prediction_outputs
        self.held_out = held_out
        self._networks: dict[Moment, Network] = {"initial": initial, "end": end}
        self._frozen = frozen

    @property
    def has_initial_weights(self) -> bool:
        """Always known."""
        return True

    def parameters(self) -> tuple[Parameter, ...]:
        """Named ``dense_0.weights``, ``dense_0.bias`` and so on."""
        before, after = weights_of(self._networks["initial"]), weights_of(self._networks["end"])
        return tuple(
            Parameter(
                name=f"dense_{i // 2}.{'bias' if i % 2 else 'weights'}",
                layer=f"dense_{i // 2}",
                initial=before[i].copy(),
                end=after[i].copy(),
                trainable=i not in self._frozen,
                in_optimizer=i not in self._frozen,
            )
            for i in range(len(before))
        )

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """None: there is no batch normalization."""
        return {}

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """All pre-activations and activations; training mode is no different."""
        network = self._networks[moment]
        rows = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
        with np.errstate(all="ignore"):
            values = run_forward(network, rows)
        layers: list[LayerOutput] = []
        for i, (layer, (z, a)) in enumerate(zip(network, values, strict=True)):
            names = (f"dense_{i}.weights", f"dense_{i}.bias")
            layers.append(LayerOutput(Layer(f"dense_{i}", "dense", units=z.shape[1], parameters=names), z))
            if layer.activation != "linear":
                name = f"dense_{i}:{layer.activation}"
                layers.append(LayerOutput(Layer(name, "activation", layer.activation, z.shape[1]), a))
        return ForwardPass(values[-1][1], tuple(layers))

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """By back-propagation."""
        network, loss = self._networks[moment], self._known_loss()
        rows = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
        with np.errstate(all="ignore"):
            _, found = run_backward(network, rows, as_targets(y, loss, network[-1].bias.size), loss)
        return tuple(Gradient(p.name, g) for p, g in zip(self.parameters(), found, strict=True))

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """Mean loss over the rows."""
        loss, outputs = self._known_loss(), self.forward(X, moment=moment).outputs
        return loss_and_gradient(outputs, as_targets(y, loss, outputs.shape[1]), loss)[0]

    def losses_of(self, outputs: Sequence[FloatArray], X: AnyArray, y: AnyArray) -> tuple[float, ...]:
        """See `Subject.losses_of`."""
        loss = self._known_loss()
        return tuple(loss_and_gradient(one, as_targets(y, loss, one.shape[1]), loss)[0] for one in outputs)

    def _known_loss(self) -> LossFacts:
        if self.recipe.loss is None:
            raise NotAvailable("the loss")
        return self.recipe.loss

    def can_train(self, arm: Arm) -> str | None:
        """Plain arms and the simple edits."""
        unknown = [edit.op for edit in arm.edits if edit.op not in SUPPORTED_EDITS]
        if self.recipe.missing:
            return f"{self.recipe.missing[0]} is not known"
        return f"the NumPy network cannot do {unknown[0]}" if unknown else None

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train a clone. Raises `NotAvailable` for labels or settings that are not known."""
        if rows.y is None or self.recipe.optimizer is None:
            raise NotAvailable("the labels" if rows.y is None else "the optimizer")
        started = time.monotonic()
        plan = self._plan(arm, len(rows), seed)
        labels = replace(arm, targets=None).labelled(rows.y)
        y = as_targets(labels, plan.loss, plan.network[-1].bias.size)
        y = y if arm.targets is None else arm.targets(y).astype(np.float64)
        network, losses = run_training(plan, _enter(rows.X, arm), y, seed, deadline)
        return NumpyTrained(network, losses, time.monotonic() - started, arm, plan.loss)

    def _plan(self, arm: Arm, n: int, seed: int) -> _Plan:
        assert self.recipe.optimizer is not None
        network = self._networks["initial"] if seed == 0 else _permuted(self._networks["initial"], seed)
        loss = self._known_loss()
        for edit in arm.edits:
            network, loss = _edited(network, loss, edit, seed)
        rate = self.recipe.optimizer.learning_rate * arm.learning_rate_factor
        shuffle = arm.shuffle if arm.shuffle is not None else self.recipe.shuffled is not False
        n_updates = max(1, round(self.recipe.n_updates * arm.updates_factor * arm.stop_at))
        frozen = () if arm.loop == "canonical" else self._frozen
        optimizer = replace(self.recipe.optimizer, learning_rate=rate)
        size = self.recipe.batch_size or n
        return _Plan(network, loss, optimizer, n_updates, size, shuffle, frozen, arm.stop_after)


def _permuted(network: Network, seed: int) -> Network:
    """Other weights with the same values inside each array."""
    rng = np.random.default_rng(seed)
    return with_weights(network, [rng.permutation(w.ravel()).reshape(w.shape) for w in weights_of(network)])


def _sizes(layer: Dense) -> tuple[int, int]:
    return layer.weights.shape[0], layer.weights.shape[1]


def _edited(network: Network, loss: LossFacts, edit: Edit, seed: int) -> tuple[Network, LossFacts]:
    rng = np.random.default_rng(seed)
    if edit.op == "hidden_activation":
        name = activation_named(edit.value)
        he = name in ("relu", "leaky_relu")
        hidden = tuple(draw_layer(rng, *_sizes(layer), name, he=he) for layer in network[:-1])
        return (*hidden, network[-1]), loss
    if edit.op == "reinitialize":
        he = edit.value == "he"
        return tuple(draw_layer(rng, *_sizes(layer), layer.activation, he=he) for layer in network), loss
    if edit.op == "head":
        return (*network[:-1], replace(network[-1], activation=activation_named(edit.value))), loss
    return network, CANONICAL_LOSSES[str(edit.value)]


def trained_subject(
    network: Network,
    X: AnyArray,
    y: AnyArray,
    *,
    loss: str = "bce",
    optimizer: OptimizerFacts | None = None,
    n_updates: int = 200,
    batch_size: int = 32,
    shuffle: bool = True,
    seed: int = 0,
    frozen: tuple[int, ...] = (),
    X_predict: AnyArray | None = None,
) -> NumpySubject:
    """Train ``network`` on ``X`` ``(n, d)`` and ``y``; ``frozen`` holds the numbers of arrays not updated.

    >>> X = np.linspace(-1, 1, 40)[:, None]
    >>> subject = trained_subject(draw((1, 1), ("sigmoid",), 0), X, X[:, 0] > 0, n_updates=300)
    >>> subject.loss(X, X[:, 0] > 0) < 0.6
    True
    """
    facts = CANONICAL_LOSSES[loss]
    step = optimizer or OptimizerFacts("sgd", 0.1)
    plan = _Plan(network, facts, step, n_updates, batch_size, shuffle, frozen)
    targets = as_targets(y, facts, network[-1].bias.size)
    rows = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
    started = time.monotonic()
    end, losses = run_training(plan, rows, targets, seed, None)
    per_epoch = -(-len(X) // batch_size)
    epochs = max(1, n_updates // per_epoch)
    trace = TrainingTrace(
        loss_per_update=losses[np.linspace(0, len(losses) - 1, min(2000, len(losses))).astype(int)],
        n_updates=n_updates,
        n_epochs=epochs,
        planned_epochs=epochs,
        seconds=time.monotonic() - started,
        label_order=None if shuffle else np.asarray(y)[:20_000],
    )
    recipe = TrainingRecipe(facts, step, batch_size, n_updates, epochs, shuffle, seed)
    prediction = None if X_predict is None else Rows(X_predict, origin="predict")
    training = Rows(np.asarray(X), np.asarray(y), origin="fit")
    return NumpySubject(network, end, recipe, training=training, prediction=prediction, trace=trace, frozen=frozen)
