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
        # behind each step from the file to the prediction, with what that step gives; repair the first that says 1
        print(len({row.tobytes() for row in np.asarray(X_new)}), "different rows")
        predictions = model.predict(X_new)
        """,
        jax="""
        # behind each step from the file to the prediction, with what that step gives; repair the first that says 1
        print(len({row.tobytes() for row in np.asarray(X_new)}), "different rows")
        predictions = model(X_new)
        """,
        torch="""
        # behind each step from the file to the prediction, with what that step gives; repair the first that says 1
        print(len({row.tobytes() for row in np.asarray(X_new)}), "different rows")
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
