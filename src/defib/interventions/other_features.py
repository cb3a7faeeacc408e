"""Other columns, that know something about the labels."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import lines, maybe
from defib.probes.labels import LabelFacts
from defib.recipe import Arm


def _code(book: Book, framework: str) -> str:
    """A quick standard model scores a candidate column, by the measure of the task."""
    labels = maybe(book, LabelFacts)
    if labels is not None and labels.task == "regression":
        learner, scoring, chance = "HistGradientBoostingRegressor", "r2", "0"
    else:
        several = labels is not None and len(labels.class_prior) > 2
        learner, scoring, chance = "HistGradientBoostingClassifier", "roc_auc_ovr" if several else "roc_auc", ".5"
    return lines(f"""
    print(X_train[:5], y_train[:5], sep="\\n")  # are these the labels of these rows?
    # columns are worth having when this is above {chance}
    cross_val_score({learner}(), X_candidate, y_train, scoring="{scoring}").mean()
    """)


INTERVENTION = Intervention(
    name="other-features",
    does="check that every label still stands beside its own row; if so, find inputs that know something about the "
    "labels",
    kind="advice",
    arm=lambda book: Arm(),
    code=_code,
    size=3,
)
