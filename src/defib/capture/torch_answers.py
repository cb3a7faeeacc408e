"""Which evaluations are the predictions, which rows were held out, and by which instance of the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from defib.adapters.torch.captured import Captured
from defib.adapters.torch.clone import unwrapped
from defib.adapters.torch.surgery import FUNCTIONS
from defib.capture.torch_evals import EvalLog, Group, share_seen
from defib.capture.torch_session import Session
from defib.capture.torch_study import Entry, Study
from defib.subject import AnyArray, FloatArray, Rows, ServingCalls

SAME_ROWS = 0.99
"""Share of rows that the training saw from which an evaluation counts as one of the training rows."""


def evaluations(
    groups: Sequence[Group], study: Study, captured: Captured, training: Rows | None, notes: list[str]
) -> tuple[Rows | None, FloatArray | None, tuple[str, ...], ServingCalls | None]:
    """Rows that were predicted last, what came out, the squashings after it, and how the network was called."""
    seen = study.rows.seen
    unseen = [one for one in groups if share_seen(one, seen) < SAME_ROWS]
    final = [one for one in groups if one.steps >= study.n_steps]
    chosen = _chosen([one for one in unseen if one in final]) or _chosen(final) or _chosen(unseen)
    if chosen is None:
        return None, None, (), None
    chosen = _in_evaluation(chosen, groups, notes)
    if chosen.line:
        study.sources.setdefault("predict", chosen.line)
    outputs = chosen.predictions(captured.selected)
    y = chosen.labels()
    rows = Rows(chosen.rows(), _fitted(y, training) if y is not None else None, chosen.n_seen, "predict")
    if chosen.n_seen is not None:
        notes.append(f"of {chosen.n_seen:,} rows predicted, {len(rows):,} are looked at")
    sizes = tuple(len(chosen.X[i]) for i in chosen.kept)
    calls = ServingCalls(chosen.training, sizes, chosen.place, chosen.memory.kept)
    return rows, _folded(outputs, captured.folded), _beyond(chosen.squashed, captured.folded), calls


def _beyond(squashed: tuple[str, ...], folded: tuple[str, ...]) -> tuple[str, ...]:
    """Squashings of the predictions beyond those that belong to the model."""
    return squashed[len(folded) :] if squashed[: len(folded)] == folded else squashed


def served_by(session: Session, own: list[Group], study: Study, notes: list[str]) -> tuple[Any, list[Group]]:
    """The module that predicted and its evaluations: another instance of the same class, if that came last.

    ``own``: the evaluations of the trained module, as `own_groups` gives them.
    """
    twin = _twins(session, study) if len(study.entries) == 1 else []
    if not twin:
        return study.module, own
    theirs = _together([session.evals[(id(one.module),)].groups for one in twin])
    if any(one.steps >= study.n_steps and one.order > theirs[-1].order for one in own):
        return study.module, own
    notes.append("the predictions came from another instance of the model than the one that was trained")
    return twin[-1].module, theirs


def own_groups(session: Session, key: tuple[int, ...], study: Study) -> list[Group]:
    """Evaluations of the trained module, wrapped or not."""
    keys = [key]
    if len(study.entries) == 1:
        trained = unwrapped(study.entries[0].module)
        keys = [(id(one.module),) for one in session.entries.values() if unwrapped(one.module) is trained]
    found = [group for one in keys for group in session.evals.get(one, EvalLog()).groups]
    return sorted(found, key=lambda group: group.order)


def _twins(session: Session, study: Study) -> list[Entry]:
    """Instances that were never trained and evaluated after this training, in order of their last evaluation."""
    trained = unwrapped(study.entries[0].module)
    shapes = [tuple(one.shape) for one in trained.parameters()]
    found: list[tuple[int, Entry]] = []
    for other in session.entries.values():
        groups, inner = session.evals.get((id(other.module),), EvalLog()).groups, unwrapped(other.module)
        if inner is trained or (id(other.module),) in session.studies or not groups:
            continue
        same = type(inner) is type(trained) and [tuple(one.shape) for one in inner.parameters()] == shapes
        if same and groups[-1].steps >= study.trained_at:
            found.append((groups[-1].order, other))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _together(logs: Sequence[Sequence[Group]]) -> list[Group]:
    """Groups of the last instance; where each call built an instance of its own, those of one line are one group."""
    line = logs[-1][-1].line
    alike = [groups[-1] for groups in logs if groups[-1].line == line]
    if len(alike) < 2 or not line:
        return list(logs[-1])
    whole = Group(line, alike[-1].steps, order=alike[-1].order)
    for one in alike:
        for name in ("X", "outputs", "lies", "y", "applied"):
            getattr(whole, name).extend(getattr(one, name))
        whole.n_rows += one.n_rows
        whole.training |= one.training
        whole.place = one.place
    return [whole]


def _chosen(groups: Sequence[Group]) -> Group | None:
    """The last one with at least two rows, else the last one."""
    return next((one for one in reversed(groups) if one.n_rows > 1), groups[-1] if groups else None)


def _in_evaluation(chosen: Group, groups: Sequence[Group], notes: list[str]) -> Group:
    """The same rows in evaluation mode, where the program had them predicted in both modes."""
    if not chosen.training:
        return chosen
    same = [one for one in groups if one.steps == chosen.steps and not one.training and one.n_rows == chosen.n_rows]
    twins = [one for one in same if np.array_equal(np.sort(one.keys()), np.sort(chosen.keys()))]
    if not twins:
        return chosen
    notes.append("the same rows were predicted in training mode, too: those of evaluation mode are looked at")
    return twins[-1]


def held_out_of(groups: Sequence[Group], study: Study, training: Rows | None) -> Rows | None:
    """The last labelled rows that the training did not see."""
    seen = study.rows.seen
    unseen = [one for one in groups if share_seen(one, seen) < SAME_ROWS]
    held = next((one for one in reversed(unseen) if one.labels() is not None), None)
    return None if held is None else _held_out(held, training)


def _held_out(group: Group, training: Rows | None) -> Rows | None:
    y = group.labels()
    fitted = None if y is None else _fitted(y, training)
    if fitted is None:
        return None
    rows = group.rows()
    n = once(rows)
    return Rows(rows[:n], fitted[:n], group.n_seen if n == len(rows) else None, "validation loop")


def once(rows: AnyArray) -> int:
    """How many rows come before they begin anew: a loop that never made a step validates the same ones every epoch.

    >>> once(np.array([[1], [2], [3], [1], [2], [3], [1]])), once(np.array([[1], [2], [1], [3]])), once(np.ones((4, 1)))
    (3, 4, 4)
    """
    n = len(rows)
    flat = np.asarray(rows).reshape(n, -1)
    begins = np.flatnonzero((flat == flat[:1]).all(axis=1))[1:]
    if len(begins) == n - 1:  # all rows are the same one
        return n
    return next((int(p) for p in begins if 2 * p <= n and np.array_equal(flat[p:], flat[:-p])), n)


def _fitted(y: AnyArray, training: Rows | None) -> AnyArray | None:
    """Labels of an evaluation in the shape and dtype that the training's labels have."""
    if training is None or training.y is None:
        return y
    shape = (len(y), *training.y.shape[1:])
    if int(np.prod(shape)) != y.size:
        return None
    return y.reshape(shape).astype(training.y.dtype)


def _folded(outputs: FloatArray | None, names: Sequence[str]) -> FloatArray | None:
    """The user's outputs with the activations that became part of the model."""
    if outputs is None or not names:
        return outputs
    value: Any = torch.tensor(outputs)
    for name in names:
        value = FUNCTIONS[name](value)
    result: FloatArray = value.numpy()
    return result
