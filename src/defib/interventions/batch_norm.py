"""A batch normalization before every hidden activation."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, hidden_activation, hidden_units, maybe
from defib.probes.activations import ActivationFacts
from defib.probes.modes import ModeFacts
from defib.recipe import Arm

TORCH = {
    **{"relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh", "gelu": "GELU", "elu": "ELU", "selu": "SELU"},
    **{"leaky_relu": "LeakyReLU", "silu": "SiLU", "relu6": "ReLU6"},
}
"""Modules of PyTorch by the name of their activation."""


def _applies(book: Book) -> str | None:
    modes, facts = maybe(book, ModeFacts), maybe(book, ActivationFacts)
    if modes is not None and modes.has_batch_norm:
        return "the model has batch normalization already"
    return "the model has no hidden layer" if facts is not None and not facts.hidden_activations else None


def _code(book: Book, framework: str) -> str:
    name, units = hidden_activation(book), hidden_units(book)
    return by_framework(
        framework,
        jax="""
        # in __init__, per hidden layer; in __call__: nnx.relu(self.norm(self.dense(x)))
        self.dense = nnx.Linear(64, 64, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(64, rngs=rngs)
        # and model.eval() before predicting
        """,
        keras=f"""
        # each hidden layer in three parts, the activation last
        keras.layers.Dense({units}, use_bias=False)
        keras.layers.BatchNormalization()
        keras.layers.Activation("{name}")
        """,
        torch=f"""
        # each hidden layer in three parts, the activation last
        torch.nn.Linear({units}, {units}, bias=False)
        torch.nn.BatchNorm1d({units})
        torch.nn.{TORCH.get(name, "ReLU")}()
        # and model.eval() before predicting
        """,
    )


INTERVENTION = Intervention(
    name="batch-norm",
    does="insert a batch normalization before every hidden activation",
    kind="train",
    arm=lambda book: Arm().with_edit("batch_norm"),
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)
