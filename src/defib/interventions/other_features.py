"""Other columns, that know something about the labels."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "other-features",
    "find columns that know something about the labels",
    keras="""
    # a column is worth having when this is above .5
    cross_val_score(HistGradientBoostingClassifier(), X_candidate, y_train, scoring="roc_auc").mean()
    """,
    torch="""
    # a column is worth having when this is above .5
    cross_val_score(HistGradientBoostingClassifier(), X_candidate, y_train, scoring="roc_auc").mean()
    """,
)
