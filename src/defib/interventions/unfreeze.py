"""Every weight trainable, and held by the optimizer."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, learning_rate, optimizer_call
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    updates = book.get(UpdateFacts)
    frozen = any(move.why_unmoved == "frozen" for move in updates.parameters)
    return None if frozen else "no weight is frozen"


def _code(book: Book, framework: str) -> str:
    rate = learning_rate(book)
    made = optimizer_call(book, framework, f"{rate if rate is not None else 1e-3:.4g}")
    return by_framework(
        framework,
        jax=f"""
        # without optax.masked, multi_transform or set_to_zero
        optimizer = nnx.Optimizer(model, {made}, wrt=nnx.Param)
        """,
        keras=f"""
        model.trainable = True  # acts only after compile
        model.compile(optimizer={made}, loss={keras_loss(book)})
        """,
        torch=f"""
        for parameter in model.parameters():
            parameter.requires_grad_(True)
        optimizer = {made}  # after unfreezing
        """,
    )


INTERVENTION = Intervention(
    name="unfreeze",
    does="make every weight trainable",
    kind="train",
    arm=lambda book: Arm(loop="canonical").with_edit("unfreeze"),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
