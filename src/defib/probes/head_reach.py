"""What a head can say: the range of its last activation, as the network passes it on.

A network may scale what its last activation gives (``60 * sigmoid(z) - 2``); what comes out then has other ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from defib.probes.looking import head_activation
from defib.subject import FloatArray, ForwardPass

REACH = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf),
    "elu": (-1.0, np.inf),
    "selu": (-1.7581, np.inf),
    "gelu": (-0.17, np.inf),
    "silu": (-0.2785, np.inf),
    "log_softmax": (-np.inf, 0.0),
    "log_sigmoid": (-np.inf, 0.0),
}
"""Range of each activation; what is not named here is unbounded."""
UNBOUNDED = (-np.inf, np.inf)
SAME = 1e-4
"""Agreement in float32, relative to the size of the outputs."""


def reach(activation: str, passes: Iterable[ForwardPass]) -> tuple[float, float]:
    """Lowest and highest output that this last activation lets through, from passes of rows through the network.

    Where outputs are what the activation gave, or stay within its range, it is that range; where they are that times
    one number plus another, the range moved so. Other outputs beyond it are not known to have ends.
    """
    low, high = REACH.get(activation, UNBOUNDED)
    ends: list[tuple[float, float]] = []
    for one in passes:
        outputs = np.asarray(one.outputs, dtype=np.float64).ravel()
        slack = SAME * max(float(np.abs(outputs).max(initial=0.0)), 1.0)
        if not np.isfinite(outputs).all() or ((outputs >= low - slack) & (outputs <= high + slack)).all():
            continue  # nothing speaks against the activation's own range
        scaled = _scaling(_given(one), outputs, slack)
        if scaled is not None:
            return _moved((low, high), *scaled)
        ends.append(UNBOUNDED)
    return ends[0] if ends else (low, high)


def _given(one: ForwardPass) -> FloatArray:
    """What the last activation behind the last weights gave."""
    last = head_activation(one)
    return np.empty(0) if last is None else np.asarray(last.values, dtype=np.float64).ravel()


def _scaling(given: FloatArray, outputs: FloatArray, slack: float) -> tuple[float, float] | None:
    """Factor and offset of ``outputs = factor * given + offset``; ``None`` where there are none, or nothing varies."""
    if given.size != outputs.size or not np.ptp(given) > 0:
        return None
    least, most = int(np.argmin(given)), int(np.argmax(given))
    factor = (outputs[most] - outputs[least]) / (given[most] - given[least])
    offset = outputs[least] - factor * given[least]
    return (float(factor), float(offset)) if np.allclose(factor * given + offset, outputs, atol=slack) else None


def _moved(ends: tuple[float, float], factor: float, offset: float) -> tuple[float, float]:
    """The ends after a scaling.

    >>> _moved((0.0, 1.0), -60.0, 2.0), _moved((0.0, np.inf), 2.0, 1.0)
    ((-58.0, 2.0), (1.0, inf))
    """
    if factor == 0:
        return UNBOUNDED
    low, high = sorted(float(factor * end + offset) for end in ends)
    return low, high
