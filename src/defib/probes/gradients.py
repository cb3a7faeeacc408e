"""Gradient of the user's loss, per layer, at the initial weights and at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Probe
from defib.probes.looking import is_kernel, labelled_rows, owners, some_rows
from defib.subject import AnyArray, Gradient, Layer, Parameter, Rows, Subject

LEFT_OUT = frozenset({"embedding", "norm"})
ELEMENTWISE = frozenset({"other", "merge", "reshape"})
"""Steps of a program that are no layer of their own."""
"""Embeddings receive a gradient in a few rows only, norms hold no kernel: neither says how depth acts."""


@dataclass(frozen=True)
class LayerGradient:
    """L2 norm of one layer's weight gradient, over the size of the weights (root mean square per weight)."""

    layer: str
    depth: int
    """0 is nearest the input."""
    initial_rms: float | None
    end_rms: float | None


@dataclass(frozen=True)
class GradientFacts(Evidence):
    """Kernels only (biases are told apart below), in order of depth."""

    layers: tuple[LayerGradient, ...]
    first_over_last_initial: float | None
    """Gradient rms of the first layer over the last layer's, at the initial weights."""
    first_over_last_end: float | None
    zero_initial: bool | None
    """Exactly 0 for every parameter at the initial weights."""
    zero_end: bool
    zero_hidden_end: bool
    """Exactly 0 for every kernel behind the head at the end."""
    only_bias_end: bool
    """At the end only biases have a gradient other than 0."""
    unreachable: tuple[str, ...]
    """Parameters the loss does not depend on at all."""
    nan: bool
    per_decade: float | None
    """Slope of log10(gradient rms) per layer towards the input at the initial weights; < −0.5 is geometric decay."""


def _measure(subject: Subject, book: Book) -> GradientFacts:
    X, y = labelled_rows(subject, "GradientFacts")
    end = subject.gradients(X, y, moment="end")
    initial = subject.gradients(X, y, moment="initial") if subject.has_initial_weights else None
    places = kernel_places(subject, X)
    names = list(dict.fromkeys(layer for layer, _ in places.values()))
    layers = tuple(
        LayerGradient(name, depth, _layer_rms(initial, places, name), _layer_rms(end, places, name))
        for depth, name in enumerate(names)
    )
    kernels = [one for one in end if one.name in places]
    hidden = [one for one in kernels if places[one.name][0] != names[-1]] if names else []
    return GradientFacts(
        layers=layers,
        first_over_last_initial=_ratio([one.initial_rms for one in layers]),
        first_over_last_end=_ratio([one.end_rms for one in layers]),
        zero_initial=None if initial is None else _all_zero(initial),
        zero_end=_all_zero(end),
        zero_hidden_end=bool(hidden) and _all_zero(hidden),
        only_bias_end=bool(kernels) and _all_zero(kernels) and not _all_zero(end),
        unreachable=tuple(one.name for one in end if one.values is None),
        nan=any(_is_nan(one) for one in (*end, *(initial or ()))),
        per_decade=slope_per_layer([one.initial_rms for one in layers]),
    )


def kernel_places(subject: Subject, X: AnyArray) -> dict[str, tuple[str, int]]:
    """Per kernel its layer's name and place, in execution order; embeddings and norms left out."""
    parameters = subject.parameters()
    found = owners(subject.forward(some_rows(Rows(X), 2).X).layers, parameters)
    told = _weighs if subject.framework == "torch" else _is_layer
    kernels = [one for one in parameters if is_kernel(one) and told(one, found)]
    # A parameter whose layer never ran keeps the order in which the model lists it, after the others.
    place = {
        one.name: (one.layer, found[one.name][0] if one.name in found else 10**6 + i) for i, one in enumerate(kernels)
    }
    return dict(sorted(place.items(), key=lambda item: item[1][1]))


def _is_layer(parameter: Parameter, found: dict[str, tuple[int, Layer]]) -> bool:
    """Biases of Keras have two axes where there is one per head, or per direction of a gate: they start at zero."""
    return _kind(parameter, found) not in LEFT_OUT and "bias" not in re.split("[./]", parameter.name)[-1]


def _weighs(parameter: Parameter, found: dict[str, tuple[int, Layer]]) -> bool:
    """Whether rows are multiplied by it, as far as is seen.

    A bare parameter that is added (a position's embedding), scales element by element or is put beside the rows (a
    class token) may well start at zero.
    """
    if parameter.name in found:
        return _kind(parameter, found) not in {*LEFT_OUT, *ELEMENTWISE}
    return "weight" in parameter.name.rpartition(".")[2]


def _kind(parameter: Parameter, found: dict[str, tuple[int, Layer]]) -> str:
    return found[parameter.name][1].kind if parameter.name in found else "other"


def _layer_rms(gradients: Sequence[Gradient] | None, places: dict[str, tuple[str, int]], layer: str) -> float | None:
    """Root mean square over all kernel weights of one layer; ``None`` when unknown or unreachable."""
    if gradients is None:
        return None
    arrays = [g.values for g in gradients if g.values is not None and places.get(g.name, ("", 0))[0] == layer]
    size = sum(array.size for array in arrays)
    total = sum(float((np.asarray(array, dtype=np.float64) ** 2).sum()) for array in arrays)
    return float(np.sqrt(total / size)) if size else None


def _ratio(rms: Sequence[float | None]) -> float | None:
    if len(rms) < 2 or rms[0] is None or not rms[-1]:
        return None
    return rms[0] / rms[-1]


def _all_zero(gradients: Sequence[Gradient]) -> bool:
    """Every gradient is exactly 0 or does not exist."""
    return all(one.values is None or not np.any(one.values) for one in gradients)


def _is_nan(gradient: Gradient) -> bool:
    return gradient.values is not None and not bool(np.isfinite(gradient.values).all())


def slope_per_layer(rms: Sequence[float | None]) -> float | None:
    """Least-squares slope of log10(rms) per layer towards the input; ``None`` for fewer than 3 layers above 0.

    ``rms`` runs from the input to the head; a gradient that falls tenfold with every layer below gives -1.

    >>> round(slope_per_layer([1e-3, 1e-2, 1e-1]), 6)
    -1.0
    """
    points = [(len(rms) - 1 - depth, np.log10(one)) for depth, one in enumerate(rms) if one is not None and one > 0]
    if len(points) < 3 or not all(np.isfinite(height) for _, height in points):
        return None
    return float(np.polyfit([x for x, _ in points], [height for _, height in points], 1)[0])


PROBE = Probe("gradients", GradientFacts, "backward", _measure)
