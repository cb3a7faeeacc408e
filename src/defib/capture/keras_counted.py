"""How many steps a ``fit`` made, as its optimizer counted them.

With ``steps_per_execution`` Keras 3 runs several steps in one call and gives callbacks the index that the call would
have ended at, had it been full: four at a time, 13 batches read as 16. Only the optimizer knows how many there were.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from defib.adapters.keras.flavor import to_numpy
from defib.capture.keras_study import Study


def settler(study: Study) -> Callable[[], None]:
    """Called before a ``fit``; what it gives corrects ``study.n_updates`` when the ``fit`` is over."""
    before, counted = study.n_updates, _iterations(study.model)

    def settle() -> None:
        several = getattr(study.model, "steps_per_execution", 1)
        if not isinstance(several, int) or several == 1 or counted is None:
            return
        grown = (_iterations(study.model) or 0) - counted
        if 0 < grown < study.n_updates - before:
            study.n_updates = before + grown

    return settle


def _iterations(model: Any) -> int | None:
    """Batches that the optimizer was given gradients of, those that it only gathered among them."""
    optimizer = getattr(model, "optimizer", None)
    counter = getattr(optimizer, "_iterations", None)
    return None if counter is None else int(to_numpy(counter))
