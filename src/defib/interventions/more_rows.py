"""More labelled rows."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "more-rows",
    "collect more labelled rows: small effects need many",
    keras="""
    X_train = np.concatenate([X_train, X_more])
    y_train = np.concatenate([y_train, y_more])
    """,
    torch="""
    X_train = torch.cat([X_train, X_more])
    y_train = torch.cat([y_train, y_more])
    """,
)
