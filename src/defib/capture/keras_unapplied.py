"""Hand-written loops that compute the gradients of a model's weights and never hand them to an optimizer.

What the loop showed up to its first step is kept apart, and let go when that step comes. Where none ever does, it is
all that is known of the training.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.capture.keras_given import outside_graphs
from defib.capture.keras_rows import RowStore
from defib.capture.keras_study import Study, weights_now
from defib.capture.torch_frames import user_frames, user_line
from defib.subject import AnyArray

if TYPE_CHECKING:
    from defib.capture.keras_loop import LoopNotes

LOOP: Final = 2
"""Gradients from which on it is a loop; one alone is a look at them."""


@dataclass
class Unapplied:
    """What a loop showed before its first step."""

    initial: list[AnyArray]
    variables: list[Any]
    """Whose gradients it computed."""
    optimizers: list[Any]
    """Those in its reach that never stepped."""
    training: bool
    line: str
    rows: RowStore = field(default_factory=lambda: RowStore("fit"))
    n: int = 0
    """Gradients computed."""
    after: list[AnyArray] | None = None
    """The weights when the second one was asked for: as the first step left them, where there was one."""

    def note_weights(self, model: Any) -> None:
        """Between the first gradient and the second."""
        if self.n == 1 and self.after is None:
            self.after = [np.array(to_numpy(one)) for one in weights_now(model)]


def unapplied(study: Study, sources: Sequence[Any], *, training: bool) -> Unapplied | None:
    """What to note of the first gradient of a model; ``None`` where it is not that of its weights."""
    wanted = {id(one) for one in sources}
    variables = [one for one in study.model.trainable_variables if id(one) in wanted]
    if not variables:
        return None
    with outside_graphs(study.flavor):
        initial = [np.array(to_numpy(one)) for one in weights_now(study.model)]
        return Unapplied(initial, variables, list(_idle(study.flavor, study.model)), training, user_line())


def _idle(flavor: Flavor, model: Any) -> Iterator[Any]:
    """Optimizers that the running functions have a name for, as one of ``self`` too, and that never stepped."""
    seen: set[int] = set()
    found = [getattr(model, "optimizer", None)]
    for frame in user_frames(sys._getframe(1)):
        owner = frame.f_locals.get("self")
        found += [*frame.f_locals.values(), *getattr(owner, "__dict__", {}).values(), *frame.f_globals.values()]
    for one in found:
        if isinstance(one, flavor.keras.optimizers.Optimizer) and id(one) not in seen and not _steps(one):
            seen.add(id(one))
            yield one


def _steps(optimizer: Any) -> int:
    return int(to_numpy(optimizer.iterations))


def in_a_loop(study: Study) -> bool:
    """Whether gradients of its weights were computed in a loop, and no step of that loop was seen."""
    return study.loop is not None and study.loop.unapplied is not None and study.loop.unapplied.n >= LOOP


def adopt(study: Study) -> None:
    """Take it for the training where no step came.

    Only a loop with labels. Where the weights stand where they stood there must be an optimizer at hand: gradients
    without one are no training. Where they moved they were moved by hand.
    """
    if study.n_updates:  # what it served before its first step is not what it learnt
        study.served = [one for one in study.served if one.after_updates]
        return
    if not in_a_loop(study):
        return
    notes: LoopNotes = study.loop
    seen: Any = notes.unapplied
    idle = [one for one in seen.optimizers if not _steps(one)]
    now = [to_numpy(one) for one in weights_now(study.model)]
    stood = len(now) == len(seen.initial) and all(map(np.array_equal, now, seen.initial))
    moved = seen.after is not None and not all(map(np.array_equal, seen.after, seen.initial))
    if not (idle if stood else moved) or (notes.loss is None and notes.met is None) or not seen.rows.X:
        return
    study.initial, study.training = seen.initial, seen.rows
    study.before_first_step(idle[0] if len(idle) == 1 and stood else None)
    study.mark_trained(seen.variables)
    notes.modes.append(seen.training)
    study.sources["fit"] = seen.line
    if stood:
        notes.computed = seen.n
    else:
        study.n_updates, study.by_hand = seen.n, seen.after
