"""Of several outputs that one loss trains, each by labels of its own: the one that is flat is looked at.

A loss names its outputs in the order in which it takes them, and the first is the one that a diagnosis is about. Where
that one varies, and another is the same for every row, the other is what the user asks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from defib.adapters.torch.reading import OTHER_LABELS, Reading
from defib.capture.torch_evals import Group
from defib.capture.torch_extras import RowExtras
from defib.capture.torch_study import Study
from defib.read_symptom import read_symptom
from defib.subject import AnyArray


def turn_to_flat_head(study: Study, groups: Sequence[Group]) -> None:
    """Make a flat output the one that the study is about, where the first one is not flat.

    Labels, further values and the loss follow. Labels of the evaluations are those of the first output: left out.
    """
    first = study.first.reading
    if (
        first is None
        or not first.heads
        or not groups
        or not study.rows.batches
        or not study.extras.known
        or _is_flat(first, groups[-1])
    ):
        return
    flat = next((one for one in first.heads if _has_own_labels(study, first, one) and _is_flat(one, groups[-1])), None)
    if flat is None:
        return
    _relabel(study, first, flat)
    study.first = replace(study.first, reading=flat)
    study.notes = [one for one in study.notes if one != OTHER_LABELS]
    called = [_name(study, one.selected) for one in (flat, first)]
    study.head = called[0]
    study.notes.append(
        f"of {1 + len(first.heads)} outputs that meet labels of their own, {called[0]} is looked at, which is flat; "
        f"{called[1]} is not"
    )
    for group in groups:
        group.y = [None] * len(group.y)


def _name(study: Study, at: int) -> str:
    names = study.first.output_names
    return f"output {names[at] if at < len(names) else at + 1}"


def _is_flat(reading: Reading, group: Group) -> bool:
    outputs = group.predictions(reading.selected)
    return outputs is not None and len(outputs) > 1 and read_symptom(outputs, link=reading.link).is_flat


def _has_own_labels(study: Study, first: Reading, one: Reading) -> bool:
    """Two outputs that answer the same question (a further classifier half way) are one to its reader."""
    _, X, y = study.rows.batches[0]
    values = _values(study, first, X, y)
    return not np.array_equal(values[first.order[0]], values[one.order[0]])


def _values(study: Study, reading: Reading, X: AnyArray, y: AnyArray | None) -> dict[int, Any]:
    """All label arrays of these rows by their numbers in the loss."""
    return dict(zip(reading.order, (y, *study.extras.of(X, y)), strict=True))


def _relabel(study: Study, before: Reading, now: Reading) -> None:
    """The labels of another output in place of the first one's, which become one of the further values."""
    new = RowExtras()
    batches = []
    for at, X, y in study.rows.batches:
        values = _values(study, before, X, y)
        labels, *others = (values[i] for i in now.order)
        new.add(X, labels, tuple(one for one in others if one is not None))
        batches.append((at, X, labels))
    study.rows.batches, study.extras = batches, new
    study.rows.labels = [y for _, _, y in batches if y is not None]
    study.label_dtype = torch.as_tensor(study.rows.labels[0]).dtype
