"""The preprocessing step that makes all rows equal repaired."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "repair-input-step",
    "repair the preprocessing step after which all rows are equal",
    keras="""
    for name, rows in steps:  # the array after each step, from the file to the model
        print(name, len({str(row) for row in rows}), "different rows")  # repair the first step that says 1
    """,
    torch="""
    for name, rows in steps:  # what is left after each step, from the file to the model
        print(name, len({str(row) for row in rows}), "different rows")  # repair the first step that says 1
    """,
)
