"""The weights of a model: names, owners, captured values, and drawing them again for another seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import everything, own_variables, sublayers, to_numpy
from defib.subject import AnyArray

SD_TOLERANCE = 0.2
"""Captured values count as drawn by their initializer when the standard deviations agree within 20 % ..."""
SAMPLING_ERRORS = 4.0
"""... or within four standard errors of a standard deviation, 1/sqrt(2n), for small arrays."""
CONSTANT_INITIALIZERS = ("Zeros", "Ones", "Constant")
STATISTICS = ("moving_mean", "moving_variance")


@dataclass(frozen=True)
class Weight:
    """One entry of ``model.weights``."""

    index: int
    variable: Any
    name: str
    """``layer/variable``."""
    layer: str
    by_design: bool
    """Trainable once nothing is frozen (a kernel), or never (a running mean)."""
    initializer: Any | None
    """The owning layer's initializer for it, where its config names one."""

    @property
    def short(self) -> str:
        """``kernel``, ``bias``, ``moving_mean``."""
        return short_name(self.variable)


def short_name(variable: Any) -> str:
    """Last part of a variable's name.

    >>> from types import SimpleNamespace
    >>> short_name(SimpleNamespace(name="dense_1/kernel:0"))
    'kernel'
    """
    return str(variable.name).split("/")[-1].split(":")[0]


def weights_of(model: Any) -> list[Weight]:
    """Every weight of the model, in the order of ``model.weights``."""
    owners = _owners(model)
    creators = {id(v): layer for layer in everything(model) for part in own_variables(layer) for v in part}
    design = {id(v) for layer in everything(model) for v in own_variables(layer)[0]}
    plain = [f"{owners.get(id(v), model.name)}/{short_name(v)}" for v in model.weights]
    counts = Counter(plain)
    entries = []
    for index, variable in enumerate(model.weights):
        name = plain[index]
        if counts[name] > 1:
            name = str(getattr(variable, "path", variable.name)).split(":")[0]
        owner = owners.get(id(variable), str(model.name))
        initializer = initializer_of(creators.get(id(variable)), variable)
        entries.append(Weight(index, variable, name, owner, id(variable) in design, initializer))
    return _unique(entries)


def _unique(entries: list[Weight]) -> list[Weight]:
    """Number names that still clash."""
    from dataclasses import replace

    seen: Counter[str] = Counter()
    result = []
    for entry in entries:
        seen[entry.name] += 1
        again = seen[entry.name]
        result.append(entry if again == 1 else replace(entry, name=f"{entry.name}#{again}"))
    return result


def layer_names(model: Any) -> dict[int, str]:
    """The name shown for every layer, by ``id``: its own, with its parents' where two share it."""
    found: list[tuple[Any, str]] = []
    seen: set[int] = set()

    def visit(layer: Any, path: str) -> None:
        for part in sublayers(layer):
            if id(part) not in seen:
                seen.add(id(part))
                here = f"{path}/{part.name}" if path else str(part.name)
                found.append((part, here))
                visit(part, here)

    visit(model, "")
    counts = Counter(part.name for part, _ in found)
    names = {id(part): (str(part.name) if counts[part.name] == 1 else path) for part, path in found}
    names[id(model)] = str(model.name)
    return names


def _owners(model: Any) -> dict[int, str]:
    """Name of the shown layer that holds each variable."""
    names = layer_names(model)
    owners: dict[int, str] = {}

    def visit(layer: Any, name: str) -> None:
        inner = sublayers(layer)
        for part in inner:
            visit(part, names.get(id(part), name))
        for variable in getattr(layer, "weights", []):
            owners.setdefault(id(variable), name)

    visit(model, str(model.name))
    return owners


def initializer_of(layer: Any, variable: Any) -> Any | None:
    """The initializer a layer's config names for one of its variables."""
    if layer is None:
        return None
    name = short_name(variable)
    for attribute in (f"{name}_initializer", f"{name.removesuffix('_kernel')}_initializer"):
        found = getattr(layer, attribute, None)
        if found is not None:
            return found
    return None


def is_statistic(weight: Weight) -> bool:
    """A batch-norm running mean or variance."""
    return not weight.by_design and weight.short in STATISTICS


def read(model: Any) -> list[AnyArray]:
    """Copies of ``model.weights``."""
    return [to_numpy(v) for v in model.weights]


def draw(initializer: Any, shape: Sequence[int], dtype: Any, generator: np.random.Generator) -> AnyArray | None:
    """Values from a fresh copy of this initializer, seeded from ``generator``; ``None`` when it cannot be copied."""
    seed = int(generator.integers(1, 2**31 - 1))
    try:
        config = dict(initializer.get_config())
        if "seed" in config:
            config["seed"] = seed
        return np.asarray(to_numpy(type(initializer).from_config(config)(tuple(shape))), dtype=dtype)
    except Exception:  # a user's own initializer may not survive its config
        return None


def looks_drawn_by(values: AnyArray, fresh: AnyArray) -> bool:
    """Whether captured values are consistent with what the initializer gives.

    >>> looks_drawn_by(np.full((40, 40), 1.0), np.zeros((40, 40)))
    False
    """
    spread, expected = float(np.std(values)), float(np.std(fresh))
    if expected == 0.0:
        return bool(np.array_equal(values, fresh))
    tolerance = max(SD_TOLERANCE, SAMPLING_ERRORS / np.sqrt(2 * max(values.size, 1)))
    near = abs(spread / expected - 1) <= tolerance
    centred = abs(float(np.mean(values)) - float(np.mean(fresh))) <= 2 * SAMPLING_ERRORS * expected / np.sqrt(
        values.size
    )
    return bool(near and centred)


def is_degenerate(values: AnyArray) -> bool:
    """At most two distinct values (zeros, a forget-gate bias) or identical units: no draw, a choice.

    >>> is_degenerate(np.zeros(8)), is_degenerate(np.arange(8.0))
    (True, False)
    """
    if values.size < 2 or len(np.unique(values)) <= 2:
        return True
    return values.ndim > 1 and values.shape[-1] > 1 and bool(np.ptp(values, axis=-1).max() == 0)


def redraw(weight: Weight, captured: AnyArray, generator: np.random.Generator) -> AnyArray:
    """Another draw of an initial weight from the distribution the captured one came from."""
    if not weight.by_design or not np.issubdtype(captured.dtype, np.floating) or not np.all(np.isfinite(captured)):
        return captured
    if is_degenerate(captured):
        return captured
    if weight.initializer is not None:
        fresh = draw(weight.initializer, captured.shape, captured.dtype, generator)
        if fresh is not None and fresh.shape == captured.shape and looks_drawn_by(captured, fresh):
            return fresh
    return generator.permutation(captured.reshape(-1)).reshape(captured.shape)


def draw_new(weight: Weight, built: AnyArray, generator: np.random.Generator) -> AnyArray:
    """The initial value of a weight that an edit made: its layer's initializer, else what the layer was built with.

    Where that is a matrix of one number, and nothing says how else to draw it, uniform values (Glorot and Bengio 2010).
    """
    if weight.initializer is None:
        if not weight.by_design or built.ndim < 2 or not is_degenerate(built):
            return built
        limit = np.sqrt(6 / (built.shape[-2] + built.shape[-1]))
        return generator.uniform(-limit, limit, built.shape).astype(built.dtype)
    fresh = draw(weight.initializer, built.shape, built.dtype, generator)
    return built if fresh is None or fresh.shape != built.shape else fresh
