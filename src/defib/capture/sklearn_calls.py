"""Where in scikit-learn a fit was asked for: inside a search, a cross-validation, an ensemble, behind a pipeline."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

from defib.capture.beside import Named, copied
from defib.capture.torch_frames import is_foreign
from defib.wrapped import Wrapped, wrapped_in

MAX_FRAMES: Final = 60
PLAIN: Final = ("neural_network", "pipeline", "base", "compose", "utils", "_config")
"""Parts of scikit-learn through which one fit of the user's is one network; all others may fit many."""
SEARCH: Final = "_search"
FOLD: Final = "_fit_and_score"


@dataclass(frozen=True)
class Place:
    """The call of the user's that this fit is part of."""

    within: str | None = None
    """``GridSearchCV.fit``, ``cross_val_score`` …; ``None`` when the user fits this one network."""
    key: tuple[int, str] | None = None
    """The same for all fits of that call."""
    refit: bool = False
    """A search fits its best candidate on all rows."""
    steps: tuple[str, ...] = ()
    """Names of the steps of the pipeline in front of the network."""
    wrapped: Wrapped = field(default_factory=Wrapped)
    """How the estimator that the user fits holds the network."""


def place(network: object = None) -> Place:
    """Read from the frames above; ``network``: the one that is fitted."""
    outermost: FrameType | None = None
    owner: object = None
    steps: tuple[str, ...] = ()
    folds = search = False
    line = ""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        part = _part(frame)
        holder = frame.f_locals.get("self")
        if part is not None and hasattr(type(holder), "get_params"):
            owner = holder
        if part is None:
            if not is_foreign(frame.f_code.co_filename):
                line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                break
        elif part[0] == "pipeline" and frame.f_code.co_name in ("fit", "fit_predict"):
            steps = _steps(holder) or steps
        elif part[0] not in PLAIN:
            outermost = frame
            folds |= frame.f_code.co_name == FOLD
            search |= part[-1] == SEARCH
        frame = frame.f_back
    wrapped = Wrapped()
    with contextlib.suppress(Exception):  # the settings of an estimator of the user's own may not be asked for
        wrapped = wrapped_in(owner, network)
    if outermost is None:
        return Place(steps=steps, wrapped=wrapped)
    return Place(_name(outermost), (id(outermost), line), search and not folds, steps, wrapped)


def rows_before() -> Named | None:
    """The rows as the pipeline around this fit was given them, in front of its first step."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        part = _part(frame)
        if part is not None and part[0] == "pipeline" and frame.f_code.co_name in ("fit", "fit_predict"):
            steps = _steps(frame.f_locals.get("self"))
            if steps:
                found = copied(f"the rows in front of {steps[0]}", frame.f_locals.get("X"))
                return None if found is None else replace(found, piped=True)
        frame = frame.f_back
    return None


def _part(frame: FrameType) -> tuple[str, ...] | None:
    """``("model_selection", "_search")`` for a frame of scikit-learn's."""
    parts = Path(frame.f_code.co_filename).with_suffix("").parts
    return parts[parts.index("sklearn") + 1 :] if "sklearn" in parts and "defib" not in parts else None


def _name(frame: FrameType) -> str:
    owner = frame.f_locals.get("self")
    name = frame.f_code.co_name
    return name if owner is None else f"{type(owner).__name__}.{name}"


def _steps(pipeline: Any) -> tuple[str, ...]:
    steps = getattr(pipeline, "steps", [])[:-1]
    return tuple(type(step).__name__ for _, step in steps if step is not None and not isinstance(step, str))
