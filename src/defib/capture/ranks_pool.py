"""The shares of all processes of one training, put together into the Subject of the one that reports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from defib.capture.ranks import Ranks, Share, share_of
from defib.capture.torch_rows import row_keys
from defib.subject import AnyArray, Rows, Subject

MAX_ROWS: Final = 20_000
SAME_ROWS: Final = 0.99
"""Share of equal rows from which the processes count as having been given the same ones."""


def pool(ranks: Ranks, subjects: Sequence[Subject]) -> None:
    """Take the rows of all processes into the Subjects of this one, and say in their notes what was done."""
    others = ranks.collect()
    for index, subject in enumerate(subjects):
        shares = [one[index] for one in others if index < len(one) and one[index].name == subject.name]
        notes = _join(ranks, subject, [share_of(ranks.rank, subject), *shares])
        subject.trace = replace(subject.trace, notes=(*subject.trace.notes, *notes))


def _join(ranks: Ranks, subject: Subject, shares: list[Share]) -> list[str]:
    notes = [_who(ranks, shares)]
    if len(shares) < 2:
        return notes
    if len({one.weights for one in shares}) > 1:
        notes.append(
            "the processes ended with different weights, so that each trained a model of its own (nothing averaged "
            "their gradients); that of process 0 is diagnosed"
        )
        return notes
    if len({one.n_updates for one in shares}) > 1:
        notes.append("the processes made different numbers of steps; trials repeat those of process 0")
    if not any(one.drawn for one in shares) and _same_rows(shares):
        notes.append("every process was given the same rows (no sampler divides them)")
        _widen(subject, subject.training, len(shares))
        return notes
    joined = _rows(shares, subject.training)
    if joined is None or _takes_more(subject):
        notes.append("only the rows of process 0 are looked at: those of the others could not be put beside them")
        return notes
    subject.trace = replace(subject.trace, label_order=_interleaved([one.labels for one in shares], MAX_ROWS))
    _widen(subject, joined, len(shares))
    return notes


def _who(ranks: Ranks, shares: Sequence[Share]) -> str:
    seen = "; ".join(
        f"process {one.rank}: {one.n_rows:,} rows, {one.n_updates:,} steps"
        + ("" if one.last_loss is None else f", last loss {one.last_loss:.4g}")
        for one in shares
    )
    missing = ranks.world - len(shares)
    left = f"; what {missing} others saw is not known" if missing > 1 else "; what the other one saw is not known"
    return f"the training ran in {ranks.world} processes ({seen}{left if missing else ''})"


def _same_rows(shares: Sequence[Share]) -> bool:
    known = [one.X for one in shares if one.X is not None]
    if len(known) < 2 or any(one.shape[1:] != known[0].shape[1:] for one in known):
        return False
    first = set(row_keys(known[0]).tolist())
    return all(np.mean([key in first for key in row_keys(one).tolist()]) >= SAME_ROWS for one in known[1:])


def _rows(shares: Sequence[Share], own: Rows | None) -> Rows | None:
    """Row by row from each process in turn: a sampler that deals rows out in order is undone by it."""
    X = _interleaved([one.X for one in shares], MAX_ROWS)
    y = _interleaved([one.y for one in shares], MAX_ROWS)
    if X is None or own is None or (own.y is not None and y is None):
        return None
    n_rows = sum(one.n_rows for one in shares)
    if any(one.drawn for one in shares):
        kept = np.sort(np.unique(row_keys(X), return_index=True)[1])
        return Rows(X[kept], None if y is None else y[kept], None, own.origin)
    n_places = {len(one.places) for one in shares}
    columns = range(n_places.pop()) if len(n_places) == 1 else range(0)
    places = [_interleaved([one.places[i] for one in shares], MAX_ROWS) for i in columns]
    found = tuple(one for one in places if one is not None)
    return Rows(X, y, None if n_rows == len(X) else n_rows, own.origin, found)


def _interleaved(arrays: Sequence[AnyArray | None], most: int) -> AnyArray | None:
    """``a[0], b[0], a[1], b[1] …``, and what is left of the longer ones; ``None`` where one is missing or differs."""
    known = [one for one in arrays if one is not None]
    if len(known) < len(arrays) or not known or any(one.shape[1:] != known[0].shape[1:] for one in known):
        return None
    turn = np.concatenate([np.arange(len(one)) for one in known])
    joined: AnyArray = np.concatenate(known)[np.argsort(turn, kind="stable")]
    return joined if len(joined) <= most else joined[np.linspace(0, len(joined) - 1, most).astype(int)]


def _takes_more(subject: Subject) -> bool:
    """Whether the loss takes more per row than its label: that is known for this process's rows alone."""
    from defib.adapters.torch import TorchSubject

    return not isinstance(subject, TorchSubject) or subject.captured.extras is not None


def _widen(subject: Subject, rows: Rows | None, n: int) -> None:
    """Averaged gradients of ``n`` processes are the gradient of one batch that is ``n`` times as large."""
    from defib.adapters.torch import TorchSubject

    if not isinstance(subject, TorchSubject) or rows is None:
        return
    batch = (subject.recipe.batch_size or 32) * n
    n_rows = rows.n_seen or len(rows)
    whole = subject.captured.epoch_rows is not None
    epoch = (n_rows, max(1, math.ceil(n_rows / batch))) if whole else (None, None)
    subject.training = rows
    subject.recipe = replace(subject.recipe, batch_size=batch)
    subject.captured = replace(subject.captured, epoch_rows=epoch[0], batches_per_epoch=epoch[1])
