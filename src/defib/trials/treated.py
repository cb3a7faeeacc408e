"""The model as one change leaves it, as a Subject: looked at again by the same probes, for what else is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final

import numpy as np

from defib.recipe import Arm, LossFacts, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    Inside,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Subject,
    Trained,
    TrainingTrace,
)

LOSSES: Final[dict[str, LossFacts]] = {
    "bce_logits": LossFacts("binary cross-entropy", "binary_cross_entropy", "logits"),
    "bce": LossFacts("binary cross-entropy", "binary_cross_entropy", "probabilities"),
    "ce_logits": LossFacts("cross-entropy", "categorical_cross_entropy", "logits"),
    "ce": LossFacts("cross-entropy", "categorical_cross_entropy", "probabilities"),
    "mse": LossFacts("squared error", "squared_error", "values"),
}
"""What the canonical losses of an edit are."""


@final
class TreatedSubject(Subject):
    """One arm, trained once. Its rows are those of the user behind the arm's transforms; it is not trained again."""

    def __init__(
        self, subject: Subject, arm: Arm, fit: Rows, held_out: Rows, *, seed: int, deadline: float | None
    ) -> None:
        """Train the arm on ``fit``. Raises `BudgetExceeded`, or `NotAvailable` where clones cannot be looked into."""
        start = subject.train(replace(arm, stop_after=0), fit, seed=seed, deadline=deadline)
        end = subject.train(arm, fit, seed=seed, deadline=deadline)
        self._inside = {"initial": _inside(start), "end": _inside(end)}
        self.name, self.framework = subject.name, subject.framework
        self.recipe = recipe_of(subject.recipe, arm)
        self.trace = _trace(subject.trace, arm, end)
        self.training = behind(subject, arm, fit)
        self.held_out = behind(subject, arm, held_out)
        as_it_was = arm.rows == arm.serving == "as_recorded"
        served = subject.prediction if as_it_was else None  # whose signal the step took, too; or served as trained on
        self.prediction = None if served is None else behind(subject, arm, served)
        self.prediction_outputs = None

    @property
    def has_initial_weights(self) -> bool:
        """They are those that the arm started from."""
        return True

    def parameters(self) -> tuple[Parameter, ...]:
        """All weights at both moments."""
        before = {one.name: one.end for one in self._inside["initial"].parameters()}
        return tuple(replace(one, initial=before.get(one.name)) for one in self._inside["end"].parameters())

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """Of the clone."""
        return self._inside[moment].buffers()

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """Of the clone."""
        return self._inside[moment].forward(X, training=training)

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Of the arm's loss."""
        return self._inside[moment].gradients(X, y)

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """The arm's loss."""
        return self._inside[moment].loss(X, y)

    def can_train(self, arm: Arm) -> str | None:
        """Never."""
        return "it is a treated clone already"

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Never."""
        raise NotAvailable("a Subject of its own for a second change")


def _inside(trained: Trained) -> Inside:
    found = trained.inside()
    if found is None:
        raise NotAvailable("an adapter that looks into its clones")
    return found


def behind(subject: Subject, arm: Arm, rows: Rows) -> Rows:
    """Rows and labels as they arrive at the network and the loss of the arm."""
    X = subject.at_the_door(arm, rows.X)
    y = None if rows.y is None else arm.labelled(rows.y)
    return replace(rows, X=X, y=y)


def recipe_of(recipe: TrainingRecipe, arm: Arm) -> TrainingRecipe:
    """The recipe with the arm's change in it."""
    optimizer, loss = recipe.optimizer, recipe.loss
    edit = next((LOSSES.get(str(one.value)) for one in arm.edits if one.op == "loss"), None)
    if optimizer is not None:
        rate = optimizer.learning_rate * arm.learning_rate_factor or arm.woken_rate or 0.0
        optimizer = replace(optimizer, learning_rate=rate)
    epochs = None if recipe.n_epochs is None else max(1, round(recipe.n_epochs * arm.length))
    shuffled = recipe.shuffled if arm.shuffle is None else arm.shuffle
    return replace(
        recipe,
        optimizer=optimizer,
        loss=edit or _matched(loss, arm),
        n_updates=max(1, round(recipe.n_updates * arm.length)),
        n_epochs=epochs,
        shuffled=shuffled,
    )


def _matched(loss: LossFacts | None, arm: Arm) -> LossFacts | None:
    """The loss, with targets in the shape of the predictions where the arm brings them there."""
    if loss is None or not any(edit.op == "match_shapes" for edit in arm.edits):
        return loss
    return replace(loss, target_shape=loss.prediction_shape, element_shape=None)


def _updates(trace: TrainingTrace, arm: Arm, end: Trained) -> int:
    """Those that were taken; as many as the program's, where the adapter does not say."""
    return max(1, round(trace.n_updates * arm.length)) if end.n_updates is None else end.n_updates


def _trace(trace: TrainingTrace, arm: Arm, end: Trained) -> TrainingTrace:
    return TrainingTrace(
        loss_per_update=np.asarray(end.loss),
        n_updates=_updates(trace, arm, end),
        n_epochs=None if trace.n_epochs is None else max(1, round(trace.n_epochs * arm.length)),
        planned_epochs=None,
        seconds=end.seconds,
        label_order=trace.label_order if arm.shuffle is None else None,
    )
