"""Different rows scored."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.recipe import Arm


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        keras="""
        for name, rows in steps:  # the array after each step, from the file to predict
            print(name, len({str(row) for row in rows}), "different rows")  # repair the first step that says 1
        predictions = model.predict(X_new)
        """,
        jax="""
        for name, rows in steps:  # the array after each step, from the file to the prediction
            print(name, len({str(row) for row in rows}), "different rows")  # repair the first step that says 1
        predictions = model(X_new)
        """,
        torch="""
        for name, rows in steps:  # what is left after each step, from the file to the prediction
            print(name, len({str(row) for row in rows}), "different rows")  # repair the first step that says 1
        predictions = model(X_new)
        """,
    )


INTERVENTION = Intervention(
    name="vary-rows",
    does="score rows that differ",
    kind="train",
    arm=lambda book: Arm(serving="as_trained"),
    code=_code,
    size=2,
)
