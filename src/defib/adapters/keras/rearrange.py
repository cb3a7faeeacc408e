"""A clone with edits made: rebuilt from its layers' configs, or grafted where a class of the user's arranges them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.clone import CHECK_ROWS, Change, Clone, Unclonable, clone_model, new_layer
from defib.adapters.keras.edits import CORES, CannotEdit, Planned, plan_changes
from defib.adapters.keras.flavor import everything, layer_kind
from defib.adapters.keras.functions import LEFT, FunctionSwap, activations_swapped
from defib.adapters.keras.graft import SIZES, Pair, graft, has_composite
from defib.adapters.keras.order import Run, run_once
from defib.adapters.keras.trace import call_model
from defib.recipe import Edit
from defib.subject import AnyArray


def rearranged(backend: Backend, model: Any, fresh: Clone, edits: tuple[Edit, ...], sample: AnyArray | None) -> Clone:
    """The user's model with edits, none of its layers touched.

    ``fresh`` is a clone of the same structure that nobody else uses; ``sample`` are rows to send through it where
    a class of the user's arranges the layers.

    Raises:
        CannotEdit: where the structure has no place for an edit.
        Unclonable: where there is no second model.
    """
    if not has_composite(model):
        return clone_model(fresh.flavor, model, plan_changes(fresh.flavor, model, edits).changes)
    if fresh.borrowed:
        raise Unclonable("the model is a class of its own that cannot be built a second time")
    if sample is None:
        raise Unclonable("there are no rows to build it on")
    rows = sample[:CHECK_ROWS]
    mine, theirs = everything(model), everything(fresh.model)
    run = run_once(backend, fresh.model, rows).seen_from(
        {id(b): a for a, b in zip(mine, theirs, strict=True)},
    )
    planned = plan_changes(fresh.flavor, model, edits, run)
    counterpart = {id(a): b for a, b in zip(mine, theirs, strict=True)}
    return _grafted(backend, model, fresh, planned, counterpart.get(id(planned.head)), rows)


def _grafted(backend: Backend, model: Any, fresh: Clone, planned: Planned, head: Any, rows: AnyArray) -> Clone:
    changes, flavor = planned.changes, fresh.flavor

    def remake(layer: Any) -> Any:
        return new_layer(flavor, layer, changes.get(id(layer), Change()))

    resized = any(SIZES & set(change.config) for change in changes.values())
    pairs = graft(model, fresh.model, frozenset(changes), remake, resized=resized)
    if planned.hidden is not None or planned.output is not None:
        activations_swapped(flavor, fresh.model, FunctionSwap(head, planned.hidden, planned.output))
    call_model(fresh.model, backend.rows(rows), training=False)  # the new layers get their weights
    run = run_once(backend, fresh.model, rows)
    _reached(planned, run)
    return replace(fresh, sources=_sources(model, fresh.model, pairs, changes), ends_in=run.ends_in())


def _reached(planned: Planned, run: Run) -> None:
    """No function is left that was to be another one: some are bound where nobody can reach them."""
    index = {id(layer): place for place, layer in enumerate(run.layers)}
    head = max((index[id(one)] for one in run.layers if layer_kind(one) in CORES), default=-1)
    hidden = {one.kind for one in run.functions if index[id(one.after)] < head}
    output = {one.kind for one in run.functions if index[id(one.after)] >= head}
    left = hidden - {planned.hidden} - LEFT if planned.hidden is not None else set()
    left |= output - {planned.output} if planned.output is not None else set()
    if left:
        raise CannotEdit(f"the activation {min(left)} is applied by a function that cannot be reached from outside")


def _sources(model: Any, clone: Any, pairs: list[Pair], changes: dict[int, Change]) -> list[int | None]:
    """Match the clone's weights with the user's, layer by layer, by shape."""
    index = {id(v): i for i, v in enumerate(model.weights)}
    source: dict[int, int] = {}
    for pair in pairs:
        if not changes.get(id(pair.old), Change()).keeps_weights:
            continue
        before, after = pair.variables()
        if [tuple(v.shape) for v in before] == [tuple(v.shape) for v in after]:
            source.update({id(b): index[id(a)] for a, b in zip(before, after, strict=True) if id(a) in index})
    return [source.get(id(v)) for v in clone.weights]
