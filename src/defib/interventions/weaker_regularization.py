"""A hundredth of the weight penalty, or less where it would still pull harder than the data."""

from __future__ import annotations

from math import log10

import numpy as np

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.output_penalty import OutputPenaltyFacts
from defib.probes.penalty import PenaltyFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import SHRUNK
from defib.recipe import Arm

LEAST = 100
"""Where the penalty pulls less than the data at the start, what a training adds to it is seldom more than this."""


def divisor(book: Book) -> int:
    """By how much: the power of ten that leaves the penalty nearest to a hundredth of the data's part at the start.

    Ten times less than that lets a small table be learnt by heart.
    """
    weights, outputs = maybe(book, PenaltyFacts), maybe(book, OutputPenaltyFacts)
    pull = 0.0 if weights is None or not np.isfinite(weights.least_ratio) else weights.least_ratio
    pull = pull if outputs is None else max(pull, outputs.over_data)
    return LEAST * 10 ** max(0, round(log10(pull))) if pull > 0 else LEAST


def _tight(book: Book) -> tuple[str, str, float] | None:
    """A constraint that leaves next to nothing of a kernel."""
    training = maybe(book, TrainingFacts)
    held = None if training is None else training.tightest
    return held if held is not None and held[2] < SHRUNK else None


def _says(book: Book) -> str:
    if _tight(book) is not None:
        return "take the constraints off the weights"
    return f"divide the penalty by {divisor(book):,}"


def _kind(book: Book) -> str:
    outputs = maybe(book, OutputPenaltyFacts)
    return "kernel" if outputs is None or outputs.layer is None else "activity"


def _code(book: Book, framework: str) -> str:
    by, penalty = divisor(book), maybe(book, PenaltyFacts)
    if (held := _tight(book)) is not None and framework == "keras":
        layer, constraint, _ = held
        return f'keras.layers.Dense(64, activation="relu")  # {layer}, without {constraint}; or with MaxNorm(3)'
    if penalty is not None and penalty.in_loss and framework in ("torch", "jax"):
        return f"loss = loss_of_the_data + penalty / {by}  # the term of the loss that holds the weights"
    return by_framework(
        framework,
        jax=f"""
        tx = optax.adamw(learning_rate, weight_decay=weight_decay / {by})
        """,
        keras=f"""
        penalty = 0.01  # yours: what stands in L2(...), L1(...) or weight_decay now
        keras.layers.Dense(64, activation="relu", {_kind(book)}_regularizer=keras.regularizers.L2(penalty / {by}))
        """,
        torch=f"""
        for group in optimizer.param_groups:
            group["weight_decay"] = group["weight_decay"] / {by}
        """,
        sklearn=f"""
        model.set_params(alpha=model.alpha / {by})
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="weaker-regularization",
    does="divide the penalty on the weights by 100, or by more where it would still outweigh the data",
    kind="train",
    arm=lambda book: Arm(regularization_factor=1 / divisor(book)),
    code=_code,
    says=_says,
    size=1,
)
