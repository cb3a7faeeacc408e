"""Rows with missing cells or labels left out."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "drop-nan-rows",
    "leave out the rows that hold NaN, in the inputs or in the labels",
    keras="""
    whole = np.isfinite(X_train).all(axis=1) & np.isfinite(y_train)
    X_train, y_train = X_train[whole], y_train[whole]
    # then build the model afresh: weights that are NaN stay NaN
    """,
    torch="""
    whole = X_train.isfinite().all(dim=1) & y_train.isfinite()
    X_train, y_train = X_train[whole], y_train[whole]
    # then build the model afresh: weights that are NaN stay NaN
    """,
)
