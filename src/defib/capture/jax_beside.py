"""What comes row by row into a step besides its rows and labels: sample weights, masks, the other rows of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp

from defib.adapters.jax.graph import Graph, Operand, Ref
from defib.capture.jax_cut import MEETING, Cut

AVERAGED: Final = (
    "the loss takes more than outputs and labels of a row (sample weights, a mask), which was not kept: every row was "
    "given the mean of it over the first batch"
)
PAIRED: Final = (
    "the loss sends more than one array of rows through the same weights: the outputs of the first were looked at, and "
    "the loss cannot be asked about them alone"
)
UNKNOWN: Final = (
    "the loss takes whole numbers or marks of each row besides outputs and labels, which were not kept: it cannot be "
    "asked about other rows"
)


def may_be_beside(graph: Graph, cut: Cut, loss: int, leaves: Sequence[int], state: Sequence[int]) -> tuple[int, ...]:
    """Positions of leaves behind the loss that have as many entries as rows and are no rows, labels, weights, state."""
    needed = graph.behind([loss])
    rows = graph.behind([one.id for one in (cut.X, cut.y) if isinstance(one, Ref)])
    known = {*rows, *cut.weights.values(), *state}
    return tuple(
        i
        for i, ref in enumerate(leaves)
        if ref in needed and ref not in known and graph.shapes[ref][:1] == (cut.n_rows,)
    )


def of_outputs(graph: Graph, cut: Cut, refs: Sequence[int]) -> bool:
    """Whether the outputs themselves are computed from one of these."""
    ends = [one.id for one in (cut.X,) if isinstance(one, Ref)]
    behind = graph.behind([one.id for one in (cut.output,) if isinstance(one, Ref)], stop=ends)
    return any(ref in behind for ref in refs)


def what_loss_takes(graph: Graph, cut: Cut, loss: Operand, refs: Sequence[int]) -> str | None:
    """`PAIRED`, `UNKNOWN` or `AVERAGED`; ``None`` where the loss of given outputs and labels needs none of these."""
    ends = [one.id for one in (cut.X, cut.y, cut.output) if isinstance(one, Ref)]
    behind = graph.behind([one.id for one in (loss,) if isinstance(one, Ref)], stop=ends)
    taken = [ref for ref in refs if ref in behind]
    if not taken:
        return None
    if _meet(graph, taken, cut):
        return PAIRED
    return AVERAGED if all(jnp.issubdtype(graph.dtypes[ref], jnp.floating) for ref in taken) else UNKNOWN


def _meet(graph: Graph, refs: Sequence[int], cut: Cut) -> bool:
    """Whether one of these goes through the weights, as rows do; what is done to the outputs does not count."""
    mine = graph.reached_from(refs)
    weighted = set(cut.weights.values())
    for op in graph.ops:
        meets = any(ref in weighted for ref in op.refs)
        if meets and op.name in MEETING and any(ref in mine and ref not in weighted for ref in op.refs):
            return True
        if meets:
            weighted.update(out for out in op.outputs if not isinstance(cut.output, Ref) or out != cut.output.id)
    return False


def averaged(value: Any, n_rows: int) -> Any:
    """``n_rows`` times the mean over the first axis."""
    return jnp.broadcast_to(jnp.mean(value, axis=0, keepdims=True), (n_rows, *value.shape[1:]))
