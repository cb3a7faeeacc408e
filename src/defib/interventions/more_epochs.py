"""Five times as many updates, or as many as were planned, without any early stop."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe, n_epochs
from defib.probes.training import TrainingFacts
from defib.recipe import Arm

FACTOR = 5
MOST = 20.0
"""A training that stopped after one of a thousand epochs is not repeated in full."""


def _factor(book: Book) -> float:
    """A training that was stopped early is given all the epochs that were planned: that is what the code says."""
    training = maybe(book, TrainingFacts)
    if training is None or not training.stopped_early or not training.n_epochs or not training.planned_epochs:
        return float(FACTOR)
    return min(max(float(FACTOR), training.planned_epochs / training.n_epochs), MOST)


def _code(book: Book, framework: str) -> str:
    training, epochs = maybe(book, TrainingFacts), n_epochs(book)
    if training is not None and training.stopped_early:
        return by_framework(
            framework,
            keras=f"""
            patience = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=50, restore_best_weights=True)
            model.fit(X_train, y_train, validation_data=(X_val, y_val), epochs={training.planned_epochs}, \
callbacks=[patience])  # stopped at {epochs}
            """,
            torch=f"""
            patience = 50  # stopped at {epochs} of {training.planned_epochs} epochs
            """,
            jax=f"""
            patience = 50  # stopped at {epochs} of {training.planned_epochs} epochs
            """,
            sklearn=f"""
            # stopped at {epochs} of {training.planned_epochs} by its tolerance: a larger max_iter alone changes nothing
            model.set_params(tol=0.0, n_iter_no_change=100)
            model.fit(X_train, y_train)
            """,
        )
    more, was = (str(FACTOR * epochs), f"  # was {epochs}") if epochs else (f"{FACTOR} * n_epochs", "")
    return by_framework(
        framework,
        keras=f"""
        model.fit(X_train, y_train, epochs={more}){was}
        """,
        torch=f"""
        n_epochs = {more}{was}
        """,
        jax=f"""
        n_epochs = {more}{was}
        """,
        sklearn=f"""
        model.set_params(max_iter={more}, tol=0.0, n_iter_no_change=100){was}
        model.fit(X_train, y_train)
        """,
    )


def _says(book: Book) -> str | None:
    training, epochs = maybe(book, TrainingFacts), n_epochs(book)
    if not epochs or training is None:
        return None
    if training.stopped_early:
        tried, planned = round(_factor(book) * epochs), training.planned_epochs or 0
        all_of_them = f"for all {planned} epochs that were planned"
        return f"train {all_of_them if tried >= planned else f'on ({tried} epochs at least)'}, without stopping early"
    return f"train for {FACTOR * epochs} epochs in place of {epochs}"


INTERVENTION = Intervention(
    name="more-epochs",
    does=f"train for {FACTOR} times as many epochs (as many as were planned, if that is more), without stopping early",
    kind="train",
    arm=lambda book: Arm(updates_factor=_factor(book)),
    code=_code,
    says=_says,
    size=1,
)
