"""Weights of 32 bits, in which an optimizer's epsilon is not 0."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    return None if book.get(UpdateFacts).lost_epsilon else "the optimizer's epsilon is not 0 in the weights' type"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        keras="""
        keras.config.set_dtype_policy("mixed_float16")  # computes in 16 bits, keeps the weights in 32
        """,
        torch="""
        model = model.float()  # and the rows: X.float()
        with torch.autocast("cuda", dtype=torch.float16):  # still half the memory, if it is needed
            outputs = model(inputs)  # then loss and step through a torch.amp.GradScaler
        """,
        jax="""
        params = jax.tree.map(lambda one: one.astype("float32"), params)
        """,
    )


INTERVENTION = Intervention(
    name="wider-weights",
    does="keep the weights in 32 bits, and compute in 16 where memory asks for it",
    kind="train",
    arm=lambda book: Arm().with_edit("in_32_bits"),
    applies=_applies,
    code=_code,
    size=2,
)
