"""Which axis of a network's calls holds the rows: asked of a clone once, where shapes leave it open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from defib.adapters.torch.arrays import tensors_in, to_numpy
from defib.adapters.torch.door import Door, batch_rows, entry_width, read_door
from defib.adapters.torch.layout import Layout, Lie, is_ambiguous, observed_layout
from defib.capture.places import places_of
from defib.capture.torch_held import as_arrays, held_arrays

ASKED: Final = 2
"""Calls of one network that are asked about, where the first one told nothing."""
FIRST: Final[Lie] = "first"

Known = WeakKeyDictionary[Any, list[tuple[int, Layout | None]]]
"""By module: how many axes the call had, and what was observed."""

_alone: Known = WeakKeyDictionary()
_together: Known = WeakKeyDictionary()


def door_of(module: Any, args: Any, kwargs: Any, outputs: Sequence[Any]) -> tuple[Door, list[Any]]:
    """The door of one call and its row tensors, rows along the axis that the network treats as theirs."""
    width = entry_width(module)
    return read_door(args, kwargs, outputs, width, _layout(_alone, module, module, args, kwargs, outputs, width))


def layout_together(last: Any, whole: Any, rows: Sequence[Any], outputs: Sequence[Any]) -> Layout | None:
    """Of several modules that feed each other, as one; remembered by the last of them."""
    return _layout(_together, last, whole, tuple(rows), {}, outputs)


def known_together(last: Any, first: Any) -> Layout | None:
    """What a training showed of modules that feed each other; ``first``: what goes in."""
    return None if first is None else _seen(_together, last, first)


def _seen(known: Known, key: Any, first: Any) -> Layout | None:
    return next((one for dim, one in known.get(key, ()) if dim == first.dim() and one is not None), None)


def _layout(
    known: Known, key: Any, module: Any, args: Any, kwargs: Any, outputs: Sequence[Any], width: int = 0
) -> Layout | None:
    """What was observed of this network; ``None`` where shapes say it or nothing was seen."""
    first = next(tensors_in((args, kwargs)), None)
    if first is None:
        return None
    found = _seen(known, key, first)
    if found is not None or len(known.get(key, ())) >= ASKED or not is_ambiguous(first, outputs):
        return found
    try:
        found = observed_layout(module, args, kwargs, outputs, batch_rows([first], outputs, width)[1])
        if found is not None and found.axis == 1 and _picked_first(first):
            found = Layout(0, (FIRST,) * len(found.lies))
    except Exception:  # a clone that does not run tells nothing
        found = None
    known.setdefault(key, []).append((first.dim(), found))
    return found


def _picked_first(first: Any) -> bool:
    """Whether the program picked these entries of the first axis from an array of its own, not one after the other.

    Then they are its rows, whatever the network makes of them: ``batch_first=True`` was forgotten. Arrays that hold
    hardly more than these entries were made from them (the same sequence turned round).
    """
    places = places_of(to_numpy(first), as_arrays(held_arrays(2 * len(first))))
    return any(bool((np.diff(one) != 1).any() and (one >= 0).all()) for one in places)
