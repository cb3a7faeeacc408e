"""Layers that go along the rows, as through the steps of one sequence, made to go along each row's own steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from defib.adapters.torch.recorder import OpRecord


def rows_lead(module: Any, records: Iterable[OpRecord]) -> bool:
    """Set ``batch_first`` of the modules of a clone that were seen to go along the rows; whether there was one."""
    paths = dict.fromkeys(one.owner for one in records if one.along_rows)
    found = [one for path in paths if hasattr(one := module.get_submodule(path), "batch_first")]
    for one in found:
        one.batch_first = True
    return bool(found)
