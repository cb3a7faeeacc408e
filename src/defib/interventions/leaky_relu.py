"""Leaky ReLU in place of every hidden activation, so that no unit can die for good."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.activations import ActivationFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    activations = book.get(ActivationFacts).hidden_activations
    return None if any(name in ("relu", "relu6") for name in activations) else "no hidden layer has a ReLU"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        nnx.leaky_relu(x)  # in place of nnx.relu(x), in every hidden layer
        """,
        keras="""
        # in every hidden layer
        keras.layers.Dense(64, activation="leaky_relu")
        """,
        torch="""
        # in place of torch.nn.ReLU()
        torch.nn.LeakyReLU(0.01)
        """,
    )


INTERVENTION = Intervention(
    name="leaky-relu",
    does="replace every hidden ReLU by a leaky one",
    kind="train",
    arm=lambda book: Arm().with_edit("hidden_activation", "leaky_relu"),
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)
