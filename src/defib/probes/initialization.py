"""The initial weights against the layers' customary scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defib.evidence import Book, Evidence, Missing, Probe
from defib.probes.gradients import kernel_places
from defib.probes.looking import any_rows, is_weighted, owners
from defib.subject import FloatArray, LayerOutput, Parameter, Subject

RELU_LIKE = frozenset({"relu", "relu6", "leaky_relu", "elu", "gelu", "silu"})


@dataclass(frozen=True)
class LayerInitialization:
    """One kernel at the initial weights."""

    layer: str
    fan_in: int
    sd: float
    he_sd: float
    """sqrt(2 / fan_in)."""
    ratio: float
    """sd / (Glorot or He scale that fits its activation)."""
    identical_units: bool
    """All units (output columns) hold the same weights."""
    bias_mean: float | None
    mean: float = 0.0
    offset: float = 0.0
    """``|mean| * sqrt(fan_in)`` over the same scale: how many times their customary spread the sums of inputs of one
    sign lie off zero; next to nothing where the weights lie around zero."""


@dataclass(frozen=True)
class InitializationFacts(Evidence):
    """Kernels in order of depth, norms left out; of embeddings only those that tell no token from another.

    The ratios are 1 where there is no kernel.
    """

    layers: tuple[LayerInitialization, ...]
    zero_layers: tuple[str, ...]
    """Kernels that are constant (sd 0) at the start."""
    symmetric_layers: tuple[str, ...]
    """Kernels with identical units and sd > 0."""
    hidden_symmetric: bool
    """A *hidden* layer (not the head) is zero or symmetric."""
    smallest_ratio: float
    largest_ratio: float
    plain_tables: tuple[str, ...] = ()
    """Embeddings that hold one and the same vector for every token, at the start and at the end."""


def _measure(subject: Subject, book: Book) -> InitializationFacts:
    if not subject.has_initial_weights:
        raise Missing("InitializationFacts", "the initial weights")
    X = any_rows(subject, "InitializationFacts").X[:2]
    parameters = {one.name: one for one in subject.parameters() if one.initial is not None}
    kernels = [parameters[name] for name in kernel_places(subject, X) if name in parameters]
    layers = subject.forward(X).layers
    tables = _plain_tables(layers, tuple(parameters.values()))
    if not kernels and not tables:
        raise Missing("InitializationFacts", "a layer with a kernel")
    facts = [_layer(kernel, subject, layers, tuple(parameters.values())) for kernel in kernels]
    zero = tuple(dict.fromkeys(one.layer for one in facts if one.sd == 0))
    symmetric = tuple(dict.fromkeys(one.layer for one in facts if one.identical_units and one.sd > 0))
    last = facts[-1].layer if facts else None
    return InitializationFacts(
        layers=tuple(facts),
        zero_layers=zero,
        symmetric_layers=symmetric,
        hidden_symmetric=any(name != last for name in (*zero, *symmetric)),
        smallest_ratio=min((one.ratio for one in facts), default=1.0),
        largest_ratio=max((one.ratio for one in facts), default=1.0),
        plain_tables=tables,
    )


def _plain_tables(layers: Sequence[LayerOutput], parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
    """Embeddings with one vector for all tokens at both moments.

    A table that learns leaves this state with the first step that reaches it; one that is frozen, or is multiplied by
    another table of zeros, never does.
    """
    kinds = {name: layer.kind for name, (_, layer) in owners(layers, parameters).items()}
    tables = [one for one in parameters if kinds.get(one.name) == "embedding" and np.ndim(one.end) == 2]
    return tuple(one.layer for one in tables if one.initial is not None and _plain(one.initial) and _plain(one.end))


def _plain(table: FloatArray) -> bool:
    """More than one token, and the same vector for each."""
    return len(table) > 1 and bool((table == table[:1]).all())


def _layer(
    kernel: Parameter, subject: Subject, layers: Sequence[LayerOutput], parameters: tuple[Parameter, ...]
) -> LayerInitialization:
    values = np.asarray(kernel.initial, dtype=np.float64)
    units = next((one.layer.units for one in layers if one.layer.name == kernel.layer), None)
    matrix = as_matrix(values, subject.framework, units)
    fan_in, fan_out = _fans(values, matrix)
    he = float(np.sqrt(2.0 / max(fan_in, 1)))
    relu = _activation_after(kernel.layer, layers) in RELU_LIKE
    customary = he if relu else float(np.sqrt(2.0 / max(fan_in + fan_out, 1)))
    sd = _spread(matrix)
    beside = [p.initial for p in parameters if p.layer == kernel.layer and p.initial is not None]
    biases = [float(np.mean(one)) for one in beside if one.ndim == 1]
    return LayerInitialization(
        layer=kernel.layer,
        fan_in=fan_in,
        sd=sd,
        he_sd=he,
        ratio=sd / customary,
        identical_units=matrix.shape[1] > 1 and bool((matrix == matrix[:, :1]).all()),
        bias_mean=float(np.mean(biases)) if biases else None,
        mean=float(matrix.mean()),
        offset=abs(float(matrix.mean())) * float(np.sqrt(max(fan_in, 1))) / customary if matrix.size > 1 else 0.0,
    )


def _spread(matrix: FloatArray) -> float:
    """Standard deviation of the weights; one weight alone counts by its size (it is not constant among others)."""
    if matrix.size == 1:
        return abs(float(matrix[0, 0]))
    return 0.0 if np.ptp(matrix) == 0 else float(matrix.std())


def as_matrix(kernel: FloatArray, framework: str, units: int | None) -> FloatArray:
    """A kernel as ``(fan_in, units)``: PyTorch keeps units first, Keras and NumPy last.

    ``units`` settles it where only one of the two axes has that length.

    >>> as_matrix(np.zeros((8, 3, 5, 5)), "torch", 8).shape, as_matrix(np.zeros((5, 5, 3, 8)), "keras", 8).shape
    ((75, 8), (75, 8))
    """
    first = framework == "torch"
    if units is not None and (kernel.shape[0] == units) != (kernel.shape[-1] == units):
        first = kernel.shape[0] == units
    if first:
        return np.asarray(kernel.reshape(kernel.shape[0], -1).T)
    return kernel.reshape(-1, kernel.shape[-1])


def _fans(kernel: FloatArray, matrix: FloatArray) -> tuple[int, int]:
    """Inputs per unit, and units times the positions of the window (Glorot's fan_out)."""
    if kernel.ndim <= 2:
        return matrix.shape[0], matrix.shape[1]
    units_first = kernel.shape[0] == matrix.shape[1]
    window = int(np.prod(kernel.shape[2:])) if units_first else int(np.prod(kernel.shape[:-2]))
    return matrix.shape[0], matrix.shape[1] * window


def _activation_after(layer: str, layers: Sequence[LayerOutput]) -> str:
    """The next activation after the layer (norms and dropout lie between), before the next weights."""
    names = [one.layer.name for one in layers]
    if layer not in names:
        return "other"
    for one in layers[names.index(layer) + 1 :]:
        if one.layer.kind == "activation":
            return one.layer.activation or "other"
        if is_weighted(one.layer):
            break
    return "linear"


PROBE = Probe("initialization", InitializationFacts, "forward", _measure)
