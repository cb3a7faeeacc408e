"""Terms of a loss in which the labels have no part: penalties on weights, and what is asked of the outputs alone.

A loss that ends in a sum is taken apart from its end: through sums, and through what is linear (a factor, a mean).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from defib.adapters.torch.program import Program, Slot, Step, slots_in

Of = Literal["data", "outputs", "weights", "nothing"]
SUMS: Final = frozenset({"add", "sub", "__add__", "__radd__", "__sub__", "__rsub__", "__iadd__", "__isub__"})
LINEAR: Final = frozenset(
    {
        *("mul", "div", "true_divide", "neg", "mean", "sum", "squeeze", "unsqueeze", "view", "reshape"),
        *("__mul__", "__rmul__", "__truediv__", "float", "double", "to", "contiguous"),
    }
)


@dataclass(frozen=True)
class Term:
    """One summand."""

    step: int
    """Position of the step that adds it."""
    argument: int
    of: Literal["outputs", "weights"]


def side_terms(program: Program) -> tuple[Term, ...]:
    """Summands that hold weights only (a hand-made penalty), or outputs and no labels (the KL term of a code)."""
    if len(program.results) != 1:
        return ()
    kinds = _kinds(program)
    return tuple(_taken_apart(program, kinds, program.results[0], len(program.steps)))


def _taken_apart(program: Program, kinds: dict[int, Of], slot: int, before: int) -> Iterator[Term]:
    """The terms of the last value that this slot got before a step."""
    at = next((i for i in reversed(range(before)) if slot in program.steps[i].outs), None)
    if at is None or kinds.get(slot) != "data":
        return
    step = program.steps[at]
    given = [(k, one.index) for k, one in enumerate(step.args) if type(one) is Slot]
    if step.name in SUMS and not step.kwargs:
        for k, one in given:
            of = kinds.get(one, "nothing")
            if of == "outputs" or of == "weights":
                yield Term(at, k, of)
            else:
                yield from _taken_apart(program, kinds, one, at)
    elif step.name in LINEAR and len(varying := [one for _, one in given if kinds.get(one) != "nothing"]) == 1:
        yield from _taken_apart(program, kinds, varying[0], at)


def _kinds(program: Program) -> dict[int, Of]:
    """What each slot depends on most: labels and rows, outputs, or weights."""
    order: tuple[Of, ...] = ("nothing", "weights", "outputs", "data")
    of_leaf: dict[str, Of] = {"label": "data", "input": "data", "output": "outputs", "parameter": "weights"}
    found = {leaf.slot: of_leaf.get(leaf.kind, "nothing") for leaf in program.leaves}
    for step in program.steps:
        read = [found.get(slot, "nothing") for slot in slots_in(step)]
        most: Of = "data" if step.module is not None else max(read, key=order.index, default="nothing")
        found |= {slot: max(most, found.get(slot, "nothing"), key=order.index) for slot in step.outs}
    return found


def with_terms_times(program: Program, *, weights: float = 1.0, outputs: float = 1.0) -> Program:
    """The same loss with its penalties on weights, and its terms of the outputs alone, times a factor each."""
    factor = {"weights": weights, "outputs": outputs}
    steps = list(program.steps)
    for term in side_terms(program):
        if factor[term.of] != 1.0:
            steps[term.step] = _with_argument_times(steps[term.step], term.argument, factor[term.of])
    return replace(program, steps=tuple(steps))


def _with_argument_times(step: Step, argument: int, factor: float) -> Step:
    func: Callable[..., Any] = step.func

    def scaled(*args: Any, **kwargs: Any) -> Any:
        return func(*args[:argument], args[argument] * factor, *args[argument + 1 :], **kwargs)

    return replace(step, func=scaled)
