"""The line that makes the labels repaired."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "fix-labels",
    "repair the line that makes the labels",
    keras="""
    values, counts = np.unique(y_train, return_counts=True)
    assert len(values) > 1, (values, counts)
    y_train = np.searchsorted(values, y_train)  # class ids 0 … K−1
    """,
    torch="""
    values, y_ids = torch.unique(y_train, return_inverse=True)  # class ids 0 … K−1
    assert len(values) > 1, values
    y_train = y_ids
    """,
)
