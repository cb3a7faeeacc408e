"""Where in the graph of a loss the rows enter, the model's output leaves, and the labels come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from defib.adapters.jax.graph import Graph, Op, Operand, Ref

MEETING = ("dot_general", "conv_general_dilated", "gather", "scan", "while", "custom_vjp_call", "custom_jvp_call")
"""Operations in which rows and weights meet."""

PICKING = ("gather", "dynamic_slice", "sort", "concatenate", "scan", "while")


@dataclass(frozen=True)
class Cut:
    """Places in the graph of one training step."""

    weights: Mapping[str, int]
    X: Operand
    output: Operand
    y: Operand | None
    n_rows: int
    elements: tuple[int, ...] | None
    """Shape of what the outputs and the labels give together, where they first meet."""


def find_cut(
    graph: Graph, weights: Mapping[str, int], loss: Operand, hint: tuple[Operand, Operand] | None
) -> Cut | str:
    """The cut, or a sentence that says why there is none. ``hint`` is ``(rows, outputs)`` of the model's own call."""
    if not isinstance(loss, Ref) or graph.shapes[loss.id]:
        return "the loss that is differentiated is no single number"
    needed = graph.behind([loss.id])
    trained = graph.reached_from(list(weights.values()))
    X, output = hint if hint is not None else (_before_turning(graph, _rows(graph, needed, trained)), None)
    if not isinstance(X, Ref):
        return "no rows were seen to meet the weights in the training step"
    shape = graph.shapes[X.id]
    n_rows = shape[0] if shape else 0
    if n_rows < 1:
        return "the rows of the training step have no axis of rows"
    output = output if output is not None else _output(graph, loss.id, X.id, needed, trained, n_rows)
    if not isinstance(output, Ref) or graph.shapes[output.id][:1] != (n_rows,):
        return "the model's outputs could not be told from its loss in the training step"
    if output.id not in needed and output.id not in trained:
        return "the loss does not depend on the model's outputs"
    y, elements = _labels(graph, output.id, X.id, needed, trained, n_rows)
    return Cut(weights, X, output, y, n_rows, elements)


def _rows(graph: Graph, needed: set[int], trained: set[int]) -> Operand | None:
    """The first value without weights in it that meets one with weights in a product, a convolution, a look-up."""
    for op in graph.ops:
        if not any(out in needed for out in op.outputs) or not any(ref in trained for ref in op.refs):
            continue
        if op.name in MEETING:
            free = [ref for ref in op.refs if ref not in trained and graph.shapes[ref]]
            if free:
                return Ref(max(free, key=lambda ref: len(graph.shapes[ref])))
    return None


def _before_turning(graph: Graph, X: Operand | None) -> Operand | None:
    """The rows before their axes were put in another order: a scan takes the steps first, a product the columns."""
    made = graph.made_by()
    while isinstance(X, Ref) and X.id in made and made[X.id].name == "transpose":
        X = made[X.id].inputs[0]
    return X


def _output(graph: Graph, loss: int, X: int, needed: set[int], trained: set[int], n_rows: int) -> Operand | None:
    """The last value through which everything that rows and weights give goes on to the loss, before labels come in."""
    from_rows = graph.reached_from([X])
    made = graph.made_by()
    found: int | None = None
    labels = _others(graph, X, trained, n_rows)
    mixed = graph.reached_from(labels) if labels else set()
    for op in graph.ops:
        for out in op.outputs:
            if out in mixed:
                continue
            inside = out in needed and out in trained and out in from_rows and graph.shapes[out][:1] == (n_rows,)
            if inside and X not in graph.behind([loss], stop=[out]):
                found = out
    while found is not None and found in made and _is_wrapping(graph, made[found]):
        found = next(ref for ref in made[found].refs if ref in trained)
    return None if found is None else Ref(found)


def _others(graph: Graph, X: int, trained: set[int], n_rows: int) -> list[int]:
    """Values with a row on the first axis that come neither from the rows nor from weights, nor by chance (dropout)."""
    known = graph.behind([X]) | graph.reached_from([X]) | trained
    given = [ref for ref in (*graph.inputs, *graph.constants) if not _is_key(graph, ref)]
    from_arrays = graph.reached_from(given)
    drawn = _drawn(graph)
    values = [*given, *(out for op in graph.ops for out in op.outputs)]
    return [
        ref
        for ref in values
        if ref in from_arrays and ref not in known and ref not in drawn and graph.shapes[ref][:1] == (n_rows,)
    ]


def _drawn(graph: Graph) -> set[int]:
    """Values made by chance; not rows that are picked by chance out of an array."""
    drawn = {ref for ref in graph.inputs if _is_key(graph, ref)}
    for op in graph.ops:
        picks = op.name in ("gather", "dynamic_slice") and not {*op.refs[:1]} & drawn
        if op.name.startswith("random_") or (not picks and any(ref in drawn for ref in op.refs)):
            drawn.update(op.outputs)
    return drawn


def _is_key(graph: Graph, ref: int) -> bool:
    return str(graph.dtypes[ref]).startswith("key")


def _is_wrapping(graph: Graph, op: Op) -> bool:
    """What the loss does first: a logarithm of the softmax, a copy along an axis, another type, a sign."""
    if op.name in ("log_softmax", "convert_element_type", "neg", "stop_gradient"):
        return True
    return op.name == "broadcast_in_dim" and graph.shapes[op.outputs[0]] != graph.shapes[op.refs[0]]


def _labels(
    graph: Graph, output: int, X: int, needed: set[int], trained: set[int], n_rows: int
) -> tuple[Operand | None, tuple[int, ...] | None]:
    """The value that first meets something computed from the outputs, taken back to where its rows come in."""
    after = graph.reached_from([output])
    from_rows = graph.reached_from([X])
    for op in graph.ops:
        if not any(out in needed for out in op.outputs) or not any(ref in after for ref in op.refs):
            continue
        for ref in op.refs:
            if ref in after or ref in trained or not graph.shapes[ref]:
                continue
            root = _row_root(graph, ref, n_rows)
            if root is not None and (root not in from_rows or root != X):
                return Ref(root), op.shape
    same = [op for op in graph.ops if any(ref in after for ref in op.refs) and X in op.refs]
    return (Ref(X), same[0].shape) if same else (None, None)


def _row_root(graph: Graph, ref: int, n_rows: int) -> int | None:
    """Where the rows of this value come in: back through what is done row by row, up to an argument or a picking."""
    made = graph.made_by()
    for _ in range(len(graph.ops)):
        op = made.get(ref)
        if op is None or op.name in PICKING:
            break
        before = [one for one in dict.fromkeys(op.refs) if graph.shapes[one][:1] == (n_rows,)]
        if len(before) > 1:
            before = [one for one in before if one not in made or made[one].refs]  # no iota
        if len(before) != 1:
            break
        ref = before[0]
    return ref if graph.shapes[ref][:1] == (n_rows,) else None
