"""No dropout."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.modes import ModeFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    return None if book.get(ModeFacts).has_dropout else "the model has no dropout"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        nnx.Dropout(0.0, rngs=rngs)  # the rate is the share that is dropped: first none, then at most a half
        """,
        keras="""
        keras.layers.Dropout(0.0)  # the rate is the share that is dropped: first none, then at most a half
        """,
        torch="""
        for module in model.modules():
            if isinstance(module, torch.nn.modules.dropout._DropoutNd):
                module.p = 0.0  # the share that is dropped: first none, then at most a half
        """,
    )


INTERVENTION = Intervention(
    name="dropout-off",
    does="switch dropout off",
    kind="train",
    arm=lambda book: Arm().with_edit("dropout", 0.0),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
