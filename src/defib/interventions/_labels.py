"""Class labels numbered 0 … K−1, for the interventions that need it. Private; not an intervention."""

from __future__ import annotations

from itertools import pairwise

from defib.interventions._writing import by_framework
from defib.probes.labels import LabelFacts


def ids_to_number(labels: LabelFacts) -> tuple[float, ...] | None:
    """The classes in order, where their labels are not 0 … K−1 already; ``None`` where nothing is to be numbered."""
    columns_or_values = labels.one_hot or labels.task not in ("binary", "multiclass")
    if columns_or_values or not 2 <= labels.n_distinct == len(labels.classes) or labels.nan_fraction > 0:
        return None
    return None if labels.classes == tuple(float(k) for k in range(labels.n_distinct)) else labels.classes


def numbering(classes: tuple[float, ...], framework: str) -> str:
    """The line that numbers them, any array library.

    >>> numbering((-1.0, 1.0), "torch"), numbering((1.0, 2.0, 3.0), "keras")
    ('y_train = (y_train + 1) / 2  # 0 and 1', 'y_train = y_train - 1  # class ids 0 … K−1')
    >>> numbering((0.0, 255.0), "torch")
    'y_train = y_train / 255  # 0 and 1'
    """
    low, high = classes[0], classes[-1]
    if len(classes) == 2 and low == 0 and high != 1:
        return f"y_train = y_train / {high:g}  # 0 and 1"
    if len(classes) == 2 and high - low != 1:
        return f"y_train = (y_train {_moved(low)}) / {high - low:g}  # 0 and 1"
    if high - low == len(classes) - 1 and all(b - a == 1 for a, b in pairwise(classes)):
        return f"y_train = y_train {_moved(low)}  # {'0 and 1' if len(classes) == 2 else 'class ids 0 … K−1'}"
    return by_framework(
        framework,
        keras="""
        y_train = np.searchsorted(np.unique(y_train), y_train)  # class ids 0 … K−1
        """,
        torch="""
        y_train = torch.unique(y_train, return_inverse=True)[1].to(y_train.dtype)  # class ids 0 … K−1
        """,
    )


def _moved(low: float) -> str:
    return f"- {low:g}" if low > 0 else f"+ {-low:g}"
