"""Frozen dataclasses to plain JSON values and back, keyed by class name. No pickles, nothing is executed.

=====================  ==========================================================
``{"$type": name}``    a dataclass; the other keys are its fields
``{"$array": ...}``    a NumPy array of at most `LARGEST_ARRAY` values, as a nested list
``{"$omitted": ...}``  a larger one: its shape and dtype only
``{"$float": text}``   nan, inf, -inf (JSON has none)
lists                  tuples
=====================  ==========================================================

A class or field that this version does not know is kept (`Unknown`) or left out, so that a Recording
of another version still opens.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

LARGEST_ARRAY = 4096
"""Values of an array that is written out; per-column facts of wide inputs stay readable, pixels of rows do not fit."""

MODULES = (
    "defib.diagnosis",
    "defib.symptom",
    "defib.recipe",
    "defib.evidence",
    "defib.subject",
    "defib.skill_against_reference",
)
"""Where recorded classes live; those of ``defib.probes`` are found by walking the package."""


@dataclass(frozen=True)
class Unknown:
    """A recorded value of a class that this version does not have, or whose fields do not fit."""

    type: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Omitted:
    """An array too large for a Recording."""

    shape: tuple[int, ...]
    dtype: str


def encode(value: Any) -> Any:
    """A value of dataclasses, arrays, tuples and numbers as plain JSON.

    >>> from defib.symptom import Skill
    >>> encode(Skill("r2", 0.5, (0.4, 0.6), 10, "held_out"))["interval"]
    [0.4, 0.6]
    >>> encode(float("nan"))
    {'$float': 'nan'}
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if isinstance(value, Omitted):
        return {"$omitted": list(value.shape), "dtype": value.dtype}
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if f.metadata.get("recorded", True)]
        return {"$type": type(value).__name__, **{name: encode(getattr(value, name)) for name in kept}}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(item) for item in value]
    return _encode_numpy(value)


def _encode_numpy(value: Any) -> Any:
    """A NumPy scalar or array; anything else by its text."""
    if not hasattr(value, "dtype") or not hasattr(value, "tolist"):
        return {"$type": type(value).__name__, "text": repr(value)[:500]}
    if getattr(value, "ndim", 0) == 0:
        return encode(value.tolist())
    if value.size > LARGEST_ARRAY:
        return {"$omitted": list(value.shape), "dtype": str(value.dtype)}
    return {"$array": encode(value.tolist()), "dtype": str(value.dtype)}


def decode(value: Any) -> Any:
    """The value that `encode` wrote.

    >>> from defib.symptom import Skill
    >>> decode(encode(Skill("r2", 0.5, (0.4, 0.6), 10, "held_out"))).interval
    (0.4, 0.6)
    """
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        return float(value["$float"])
    if "$array" in value:
        return _decode_array(value)
    if "$omitted" in value:
        return Omitted(tuple(value["$omitted"]), value["dtype"])
    if "$type" in value:
        return _decode_dataclass(value["$type"], {key: decode(item) for key, item in value.items() if key != "$type"})
    return {key: decode(item) for key, item in value.items()}


def _decode_array(value: dict[str, Any]) -> Any:
    import numpy as np

    return np.array(decode(value["$array"]), dtype=value["dtype"])


def _decode_dataclass(name: str, values: dict[str, Any]) -> Any:
    kind = _classes().get(name)
    if kind is None:
        return Unknown(name, values)
    known = {f.name for f in fields(kind)}
    try:
        return kind(**{key: item for key, item in values.items() if key in known})
    except TypeError:
        return Unknown(name, values)


@cache
def _classes() -> dict[str, Any]:
    """Recorded dataclasses by name."""
    probes = Path(__file__).parent / "probes"
    names = [*MODULES, *(f"defib.probes.{module.name}" for module in pkgutil.iter_modules([str(probes)]))]
    found: dict[str, Any] = {}
    for name in names:
        members = vars(importlib.import_module(name)).values()
        found |= {kind.__name__: kind for kind in members if isinstance(kind, type) and is_dataclass(kind)}
    return found
