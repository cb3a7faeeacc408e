"""Penalties on the weights that a loop computed before its forward pass: read back from the graph autograd keeps.

What runs before the network is called is not recorded. A penalty that is one number, made of weights alone by squares,
absolute values or norms, is told by that graph and by its value; a later step shows whether it was told rightly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import torch

from defib.adapters.torch.arrays import leaf_tensors, tensors_in
from defib.adapters.torch.program import Node
from defib.adapters.torch.tape import Tape

LINEAR: Final = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Sum", "Mean", "Stack", "Cat", "View", "Reshape", "UnsafeView", "Unsqueeze"),
        *("Squeeze", "Expand", "Flatten", "Clone", "T", "Transpose", "ToCopy"),
    }
)
SUMMED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "square": lambda weight: (weight**2).sum(),
    "mean square": lambda weight: (weight**2).mean(),
    "size": lambda weight: weight.abs().sum(),
    "mean size": lambda weight: weight.abs().mean(),
    "norm": lambda weight: weight.norm(),
}
MOST: Final = 4_000
"""Steps of one such graph that are looked at."""


def with_earlier_penalties(nodes: Sequence[Node], kept: Sequence[Node], parameters: Mapping[int, str]) -> list[Node]:
    """All calls of a step, with those behind the first call of a module that make its penalties again."""
    made = {id(one) for node in kept for one in tensors_in(node.out)}
    used = {id(one): one for node in kept if not node.call for one in leaf_tensors((node.args, dict(node.kwargs)))}
    found = [node for key, one in used.items() if key not in made for node in _penalty(one, parameters)]
    at = next((i + 1 for i, node in enumerate(nodes) if node.call), 0)
    return [*nodes[:at], *found, *nodes[at:]] if found else list(nodes)


def _penalty(value: Any, parameters: Mapping[int, str]) -> list[Node]:
    """The calls that give this number from the weights; none where it is something else."""
    if value.dim() or value.grad_fn is None or id(value) in parameters:
        return []
    form, weights = _graph(value.grad_fn)
    if form is None or not weights or any(id(one) not in parameters for one in weights):
        return []
    with torch.no_grad():
        size = float(sum(SUMMED[form](one) for one in weights))
    if not size > 0:
        return []
    tape = Tape()
    with torch.enable_grad(), tape:
        total = SUMMED[form](weights[0])
        for one in weights[1:]:
            total = total + SUMMED[form](one)
        total = total * (float(value.detach()) / size)
    return [*tape.nodes[:-1], replace(tape.nodes[-1], out=value)]


def _graph(root: Any) -> tuple[str | None, list[Any]]:
    """What is summed over which tensors; ``None`` where the graph holds anything else."""
    forms, mean, weights, seen, todo = set[str](), False, dict[int, Any](), dict[Any, bool](), [root]
    while todo and len(seen) < MOST:
        step = todo.pop()
        if step is None or step in seen:
            continue
        seen[step] = True
        name = type(step).__name__.partition("Backward")[0]
        following = [one for one, _ in step.next_functions]
        if name == "AccumulateGrad":
            weights[id(step.variable)] = step.variable
            continue
        form = _form(name, step, following)
        if form is not None:
            forms.add(form)
        elif name not in LINEAR:
            return None, []
        mean |= name == "Mean"
        todo.extend(following)
    if forms == {"norm", "square"}:
        forms = {"square"}
    if todo or len(forms) != 1:
        return None, []
    form = forms.pop()
    return (f"mean {form}" if mean and form != "norm" else form), list(weights.values())


def _form(name: str, step: Any, following: Sequence[Any]) -> str | None:
    if name == "Pow":
        return "square" if getattr(step, "_saved_exponent", None) == 2 else None
    if name == "Mul":
        same = len(following) == 2 and following[0] is not None and following[0] is following[1]
        return "square" if same else None
    if name == "Abs":
        return "size"
    if name in ("LinalgVectorNorm", "Norm"):
        order = getattr(step, "_saved_ord", getattr(step, "_saved_p", None))
        return {1: "size", 2: "norm", None: "norm"}.get(order)
    return None
