"""Hidden layers twice as wide."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, hidden_activation, maybe
from defib.probes.activations import ActivationFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    facts = maybe(book, ActivationFacts)
    return "the model has no hidden layer" if facts is not None and not facts.hidden_activations else None


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        # every hidden layer twice as wide
        nnx.Linear(2 * n_inputs, 2 * n_units, rngs=rngs)
        """,
        keras=f"""
        # every hidden layer twice as wide
        keras.layers.Dense(2 * units, activation="{hidden_activation(book)}")
        """,
        torch="""
        # every hidden layer twice as wide
        torch.nn.Linear(2 * n_inputs, 2 * n_units)
        """,
        sklearn="""
        sizes = np.atleast_1d(model.hidden_layer_sizes)
        model.set_params(hidden_layer_sizes=tuple(2 * sizes))
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="double-width",
    does="make every hidden layer twice as wide",
    kind="train",
    arm=lambda book: Arm().with_edit("double_width"),
    applies=_applies,
    code=_code,
    size=2,
)
