"""The interventions that change the learning rate only. Private; each has a module of its own."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, learning_rate, maybe, optimizer_call
from defib.probes.training import TrainingFacts
from defib.recipe import Arm


def step(name: str, does: str, factor: float) -> Intervention:
    """Multiply the learning rate by ``factor``, everything else as recorded."""
    return Intervention(
        name=name,
        does=does,
        kind="train",
        arm=lambda book: Arm(learning_rate_factor=factor),
        code=lambda book, framework: rate_code(book, framework, factor),
        size=1,
    )


def _at_most(book: Book) -> str:
    """A schedule had a say in what the rate was."""
    training = maybe(book, TrainingFacts)
    return "at most " if training is not None and training.largest_rate is not None else ""


def rate_code(book: Book, framework: str, factor: float, usual: float | None = None) -> str:
    """The recorded optimizer with ``factor`` times its learning rate, or with this one where it was 0."""
    recorded = learning_rate(book)
    rate = f"{recorded * factor:.4g}" if recorded is not None else f"learning_rate * {factor:g}"
    if recorded == 0 and usual is not None:
        rate = f"{usual:.4g}"
    was = "" if recorded is None else f"  # was {_at_most(book)}{recorded:.4g}"
    made = optimizer_call(book, framework, rate)
    return by_framework(
        framework,
        jax=f"""
        optimizer = nnx.Optimizer(model, {made}, wrt=nnx.Param){was}
        # without NNX: tx = {made}
        """,
        keras=f"""
        # on a freshly built model
        model.compile(optimizer={made}, loss={keras_loss(book)}){was}
        """,
        torch=f"""
        # on a freshly built model
        optimizer = {made}{was}
        """,
        sklearn=f"""
        model.set_params(learning_rate_init={rate}){was}
        model.fit(X_train, y_train)
        """,
    )
