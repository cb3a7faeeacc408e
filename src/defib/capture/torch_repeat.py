"""Whether the loss of a later step is what the first step's formula gives: a loss may depend on more than its rows.

A running mean that divides it, a weight that a schedule moves, a buffer of former outputs: what was read from one step
does not repeat another. That is said, and nothing is trained with a loss that is not the user's.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch

from defib.adapters.torch.inside import OWN_LOSS
from defib.adapters.torch.program import Leaf
from defib.adapters.torch.surgery import FUNCTIONS
from defib.capture.torch_analysis import Analysis

TOLERANCE: Final = 0.05
"""Relative; the same formula in another precision (autocast) differs by less than a hundredth."""
RANDOM: Final = ("rand", "normal", "bernoulli", "dropout", "multinomial", "exponential", "uniform", "poisson", "sample")
"""Parts of the names of functions that draw: what they give cannot be the same again."""


def looked_at(step: int) -> bool:
    """The 2nd, 3rd, 5th, 9th … step.

    >>> [step for step in range(1, 20) if looked_at(step)]
    [2, 3, 5, 9, 17]
    """
    return step > 1 and (step - 1) & (step - 2) == 0


def repeated(first: Analysis, now: Analysis, loss: Any, parameters: dict[str, Any]) -> tuple[float, float] | None:
    """``(the first step's formula on these rows, the loss there was)`` where they differ; ``None`` where they agree.

    ``None``, too, where the formula draws random numbers or its values were overwritten since.
    """
    if first.reading is None or now.reading is None or first.composite is not None or not now.calls:
        return None
    program, call = first.reading.program, now.calls[0].as_called
    if call is None or any(word in step.name for step in program.steps for word in (OWN_LOSS, *RANDOM)):
        return None
    labels, outputs = [now.reading.label, *now.reading.others], list(call[2])
    for name in first.reading.folded:  # what the program does behind its model counts as part of it
        outputs[first.reading.selected] = FUNCTIONS[name](outputs[first.reading.selected])

    def give(leaf: Leaf) -> Any:
        known = {"output": outputs, "label": labels, "input": now.rows}
        if leaf.kind == "parameter":
            return parameters[str(leaf.key)].detach()
        value = known[leaf.kind][int(leaf.key)] if leaf.kind in known else leaf.value
        return value.detach().clone() if isinstance(value, torch.Tensor) else value

    with torch.no_grad():
        (found,) = program.run(give, n_rows=now.door.n_rows)
    formula, actual = float(found), float(loss.detach())
    if not (math.isfinite(formula) and math.isfinite(actual)):
        return None
    return (formula, actual) if abs(formula - actual) > TOLERANCE * max(abs(formula), abs(actual), 1e-6) else None
