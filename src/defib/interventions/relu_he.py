"""ReLU with He initialization in every hidden layer."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.activations import ActivationFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    facts = maybe(book, ActivationFacts)
    if facts is None or facts.hidden_activations or sum(one.kind == "dense" for one in facts.end) > 1:
        return None
    return "the model has no hidden activation"


def _arm(book: Book) -> Arm:
    """Where every hidden activation is a ReLU already, only the weights are drawn anew."""
    facts = maybe(book, ActivationFacts)
    if facts is not None and set(facts.hidden_activations) == {"relu"}:
        return Arm().with_edit("reinitialize", "he")
    return Arm().with_edit("hidden_activation", "relu")


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        # nnx.relu after every hidden layer
        nnx.Linear(64, 64, kernel_init=nnx.initializers.he_normal(), rngs=rngs)
        """,
        keras="""
        # in every hidden layer
        keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal")
        """,
        torch="""
        # torch.nn.ReLU() after every hidden layer, then once before the training
        for layer in model.modules():
            if isinstance(layer, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):
                torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        """,
        sklearn="""
        model.set_params(activation="relu")
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="relu-he",
    does="make every hidden activation a ReLU and draw the weights anew by He's rule",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=2,
)
