"""Different rows scored."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "vary-rows",
    "score rows that differ",
    keras="""
    assert len(np.unique(X_new, axis=0)) > 1
    predictions = model.predict(X_new)
    """,
    jax="""
    assert len(np.unique(X_new, axis=0)) > 1
    predictions = model(X_new)
    """,
    torch="""
    assert len(torch.unique(X_new, dim=0)) > 1
    predictions = model(X_new)
    """,
)
