"""Other columns, that know something about the labels."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "other-features",
    "check that every label still stands beside its own row; if so, find inputs that know something about the labels",
    keras="""
    print(*zip(X_train[:5], y_train[:5]), sep="\\n")  # are these the labels of these rows?
    # a column is worth having when this is above .5
    cross_val_score(HistGradientBoostingClassifier(), X_candidate, y_train, scoring="roc_auc").mean()
    """,
    torch="""
    print(*zip(X_train[:5], y_train[:5]), sep="\\n")  # are these the labels of these rows?
    # a column is worth having when this is above .5
    cross_val_score(HistGradientBoostingClassifier(), X_candidate, y_train, scoring="roc_auc").mean()
    """,
)
