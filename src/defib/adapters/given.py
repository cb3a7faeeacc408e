"""What somebody hands over in memory, checked the same way for every framework."""

from __future__ import annotations

from defib.errors import InputError
from defib.subject import AnyArray


def check_given(rows: AnyArray, labels: AnyArray | None, write: str) -> None:
    """Raise `InputError` where there are no rows, or not one label per row. ``write`` is what to type instead."""
    if rows.ndim == 0 or len(rows) == 0:
        came = f"X has the shape {rows.shape}: 0 rows"
        raise InputError("no-rows", came=came, expected="at least 2 rows", write=write)
    if labels is not None and (labels.ndim == 0 or len(labels) != len(rows)):
        came = f"X has {len(rows)} rows and y has {labels.shape[0] if labels.ndim else 1} labels"
        raise InputError("unequal-lengths", came=came, expected="one label per row", write=write)
