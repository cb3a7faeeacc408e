"""Loads of saved weights, and the instance of the network that made the predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch

from defib.adapters.torch.arrays import to_numpy
from defib.adapters.torch.clone import unwrapped
from defib.measures.likeness import UNCHANGED, drawn_alike, likeness, way_gone
from defib.subject import Loading, WeightsOrigin

NAMED: Final = 5
"""Names that are kept of each list."""


@dataclass(frozen=True)
class Load:
    """One ``load_state_dict``."""

    loading: Loading
    at_step: int
    """Optimizer steps of the program before it."""


def load_of(module: Any, result: Any, line: str, at_step: int) -> Load:
    """What a finished ``load_state_dict`` gave; ``result`` names the keys that did not match."""
    sizes = {name: one.numel() for name, one in module.named_parameters(remove_duplicate=False)}
    missing = set(getattr(result, "missing_keys", ()) or ())
    unexpected = tuple(getattr(result, "unexpected_keys", ()) or ())
    left = [name for name in sizes if name in missing]
    total = sum(sizes.values())
    filled = 1.0 - sum(sizes[name] for name in left) / total if total else 1.0
    loading = Loading("load_state_dict", line, filled, total, False, tuple(left), unexpected=unexpected[:NAMED])
    return Load(loading, at_step)


def loads_into(loads: Mapping[Any, Sequence[Load]], module: Any, trained_at: int) -> tuple[Loading, ...]:
    """Loads into a module, its parts or what wraps it, in order; ``trained_at``: steps after which it was trained."""
    inner = unwrapped(module)
    wrapped = () if inner is module else (("", module),)
    found = [_named(load, path) for path, one in (*wrapped, *inner.named_modules()) for load in loads.get(one, ())]
    return tuple(_timed(one, trained_at) for one in sorted(found, key=lambda load: load.at_step))


def _named(load: Load, path: str) -> Load:
    """Where in the whole module the part stands that was loaded into."""
    return replace(load, loading=replace(load.loading, part=path)) if path else load


def _timed(load: Load, trained_at: int) -> Loading:
    return replace(load.loading, after_training=0 < trained_at <= load.at_step)


def origin_of(
    served: Any,
    trained: Any,
    initial: Mapping[str, Any] | None,
    loads: tuple[Loading, ...],
    put_in: Mapping[str, Any] | None = None,
) -> WeightsOrigin | None:
    """Where the weights of the module that predicted come from; ``None`` where the two do not have the same shapes.

    ``put_in``: what was put into it for the prediction.
    """
    mine, theirs = _kernels(served), _kernels(trained)
    other = put_in is not None and {name: to_numpy(put_in[name]) for name in mine if name in put_in}
    if other and len(other) == len(mine) and any(not np.array_equal(other[name], mine[name]) for name in mine):
        found = _origin(list(other.values()), theirs, initial, loads)
        return None if found is None else replace(found, another_instance=True, put_in=True)
    found = _origin(list(mine.values()), theirs, initial, loads)
    if found is not None and (served is trained or unwrapped(served) is unwrapped(trained)):
        return replace(found, another_instance=False, likeness_to_trained=1.0)
    if found is not None and (found.likeness_to_initial or 0.0) < UNCHANGED:
        return replace(found, statistics_left_behind=_left_behind(served, trained, initial or {}))
    return found


def _left_behind(served: Any, trained: Any, initial: Mapping[str, Any]) -> bool:
    """Whether all running statistics of one are bit-equal to those of the start, and none of the other's is."""
    mine, theirs = (
        {name: to_numpy(one) for name, one in unwrapped(module).named_buffers() if name.endswith("running_mean")}
        for module in (served, trained)
    )
    if not mine or any(name not in initial or name not in theirs for name in mine):
        return False
    start = {name: to_numpy(torch.as_tensor(initial[name])) for name in mine}
    return all(
        np.array_equal(mine[name], start[name]) and not np.array_equal(theirs[name], start[name]) for name in mine
    )


def _origin(
    values: Sequence[Any], theirs: Mapping[str, Any], initial: Mapping[str, Any] | None, loads: tuple[Loading, ...]
) -> WeightsOrigin | None:
    if [one.shape for one in values] != [one.shape for one in theirs.values()]:
        return None
    like = likeness(values, list(theirs.values()))
    if initial is None or not all(name in initial for name in theirs):
        return WeightsOrigin(True, like, None, loads=loads)
    start = [to_numpy(initial[name]) for name in theirs]
    way = way_gone(values, start, list(theirs.values()))
    return WeightsOrigin(True, like, likeness(values, start), drawn_alike(values, start), way, loads)


def _kernels(module: Any) -> dict[str, Any]:
    return {name: to_numpy(one) for name, one in unwrapped(module).named_parameters() if one.is_floating_point()}
