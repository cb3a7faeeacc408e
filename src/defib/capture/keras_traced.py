"""What a ``tf.function`` does with its arguments, noted once, while it is traced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from defib.adapters.keras.packing import parts_of
from defib.capture.keras_look import is_symbolic
from defib.capture.keras_study import Study


@dataclass
class Traced:
    """What one ``tf.function`` does with its arguments."""

    study: Study | None = None
    rows: Any = None
    """Which of the function's tensors went into the model: a number, or numbers in the container of several inputs."""
    labels: int | None = None
    updates: int = 0
    """Optimizer steps per call."""


def place(x: Any) -> int | None:
    """Which input of its graph a symbolic tensor is."""
    graph = getattr(x, "graph", None) if x is not None and is_symbolic(x) else None
    inputs = list(getattr(graph, "inputs", []))
    return next((i for i, one in enumerate(inputs) if one is x), None)


def places(x: Any) -> Any:
    """As `place`, for each of several inputs, in their container; ``None`` when one is made inside the graph."""
    parts = parts_of(x)
    if parts is None:
        return place(x)
    found = [place(one) for one in parts.values()]
    if None in found:
        return None
    return dict(zip(x, found, strict=True)) if isinstance(x, dict) else type(x)(found)


def given_at(places: Any, flat: Sequence[Any]) -> Any:
    """The tensors of one call at these places, in their container; ``None`` when there are none."""
    if isinstance(places, int):
        return flat[places] if places < len(flat) else None
    if isinstance(places, dict):
        found = {key: given_at(one, flat) for key, one in places.items()}
        return None if any(one is None for one in found.values()) else found
    if places is None:
        return None
    listed = [given_at(one, flat) for one in places]
    return None if any(one is None for one in listed) else type(places)(listed)
