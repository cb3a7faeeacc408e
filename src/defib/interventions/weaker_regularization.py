"""A hundredth of the weight penalty."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.recipe import Arm


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        tx = optax.adamw(learning_rate, weight_decay=weight_decay / 100)
        """,
        keras="""
        penalty = 0.01  # yours: what stands in L2(...), L1(...) or weight_decay now
        keras.layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L2(penalty / 100))
        """,
        torch="""
        for group in optimizer.param_groups:
            group["weight_decay"] = group["weight_decay"] / 100
        """,
        sklearn="""
        model.set_params(alpha=model.alpha / 100)
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="weaker-regularization",
    does="divide the penalty on the weights by 100",
    kind="train",
    arm=lambda book: Arm(regularization_factor=0.01),
    code=_code,
    size=1,
)
