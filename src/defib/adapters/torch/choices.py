"""Losses in which something else than the label chooses the output that a row is judged by: the actions of an agent.

``mse_loss(q(s).gather(1, action), target)`` holds one output of each row against a target; the action is no class to
be learnt, and nothing says what the other outputs should be. ``-(log_p.gather(1, action) * advantage)`` follows the
action or flees it, as the sign of the advantage has it. In ``-log_p.gather(1, label)`` the index is the label itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from defib.adapters.torch.ops import LOSSES
from defib.adapters.torch.program import Program, derived, slots_in

CHOOSING = frozenset({"gather", "__getitem__", "take_along_dim"})
DISTANCES = frozenset({"sub", "rsub", "__sub__", "__rsub__", "subtract"})
CHOSEN = (
    "one output of each row, chosen by other values than the labels (the actions of an agent, say), meets the loss: "
    "what the labels say of all outputs was not assessed"
)
FOLLOWED = (
    "the loss follows some labels and flees others, by a factor of either sign (the advantages of an agent, say): what "
    "the labels say was not assessed"
)
TWIN = (
    "the network takes pairs or triplets and answers each of their members (a siamese network): the labels are those "
    "of a pair, and what needs labels of a row, or the loss, was not assessed"
)


def is_twin(program: Program, rows: Sequence[Any], outputs: Sequence[Any]) -> bool:
    """Whether one call took several rows of one shape side by side, and the loss several outputs of one shape."""
    taken = [outputs[int(leaf.key)] for leaf in program.of("output")]
    alike = [{(tuple(one.shape), one.dtype) for one in several} for several in (rows, taken)]
    return len(rows) > 1 and len(taken) == len(rows) and all(len(one) == 1 for one in alike)


def why_no_labels(program: Program, others: Sequence[Any]) -> str | None:
    """Why the first label leaf is none, as a clause; ``None`` where it is one. ``others``: further leaves' tensors."""
    if not others:
        return None
    if _chosen_then_held(program):
        return CHOSEN
    signed = (bool((one < 0).any()) and bool((one > 0).any()) for one in others if one.is_floating_point())
    return FOLLOWED if any(signed) and _multiplied(program) else None


def _chosen_then_held(program: Program) -> bool:
    """The first leaf only picks an output; a further one is what that output is held against."""
    picked = _picked(program)
    return bool(picked) and _meets(program, picked, DISTANCES | frozenset(LOSSES))


def _multiplied(program: Program) -> bool:
    picked = _picked(program)
    return bool(picked) and _meets(program, picked, frozenset({"mul", "__mul__", "__rmul__", "multiply"}))


def _picked(program: Program) -> set[int]:
    """Slots that come from an output which a label leaf has indexed."""
    outputs = derived(program.steps, [leaf.slot for leaf in program.of("output")])
    first = derived(program.steps, [leaf.slot for leaf in program.of("label") if leaf.key == 0]) - outputs
    for position in sorted(program.meetings):
        step = program.steps[position]
        read = slots_in(step)
        if step.name in CHOOSING and read and read[0] in outputs and set(read[1:]) & first:
            return derived(program.steps, list(step.outs))
    return set()


def _meets(program: Program, picked: set[int], names: frozenset[str]) -> bool:
    """Whether what was picked meets, in one of these calls, something else that comes from a further label leaf."""
    further = derived(program.steps, [leaf.slot for leaf in program.of("label") if leaf.key != 0]) - picked
    calls = (set(slots_in(step)) for step in program.steps if step.name in names)
    return any(read & picked and read & further for read in calls)
