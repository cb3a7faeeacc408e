"""The preprocessing step that makes all rows equal repaired."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "repair-input-step",
    "repair the preprocessing step after which all rows are equal",
    keras="""
    for name, rows in steps:  # the array after each step, from the file to the model
        print(name, rows.shape, np.ptp(rows.reshape(len(rows), -1), axis=0).max())
    """,
    torch="""
    for name, rows in steps:  # the tensor after each step, from the file to the model
        print(name, tuple(rows.shape), float((rows.max(dim=0).values - rows.min(dim=0).values).max()))
    """,
)
