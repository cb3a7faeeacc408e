"""The rows to predict prepared exactly as the rows trained on were."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.inputs import ServingFacts
from defib.recipe import Arm
from defib.wording import percent

HALF = 0.5
"""Share of the rows served without a known token, above which the numbering of the tokens is what differs."""


def _by_how_much(facts: ServingFacts) -> str:
    return f"{percent(facts.shifted_fraction)} of the columns lie elsewhere, or are spread otherwise"


def _code(book: Book, framework: str) -> str:
    facts = book.get(ServingFacts)
    found = facts.affine or ("the columns are in another order" if facts.permuted_columns else _by_how_much(facts))
    if facts.unknown_token_rows > HALF:
        found = "other token ids"
    if facts.blank:
        found = "no category, or word, that the encoder knows; spell them as in training, upper and lower case too"
    return by_framework(
        framework,
        jax=f"""
        # rows served against rows trained on: {found}
        predictions = model(prepare(X_new))  # as X_train was prepared: fitted there, never again
        """,
        keras=f"""
        # rows served against rows trained on: {found}
        predictions = model.predict(prepare(X_new))  # as X_train was prepared: fitted there, never again
        """,
        torch=f"""
        # rows served against rows trained on: {found}
        predictions = model(prepare(X_new))  # as X_train was prepared: fitted there, never again
        """,
        sklearn=f"""
        # rows served against rows trained on: {found}
        model = make_pipeline(prepare, model).fit(X_train, y_train)  # only where it is no pipeline yet
        predictions = model.predict(X_new)  # through the pipeline, never by the network alone
        """,
    )


INTERVENTION = Intervention(
    name="same-pipeline",
    does="prepare the rows to predict exactly as the rows trained on were",
    kind="train",
    arm=lambda book: Arm(serving="as_trained"),
    code=_code,
    size=2,
)
