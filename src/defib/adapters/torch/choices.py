"""Losses in which something else than the label chooses the output that a row is judged by: the actions of an agent.

``mse_loss(q(s).gather(1, action), target)`` holds one output of each row against a target; the action is no class to
be learnt, and nothing says what the other outputs should be. ``-(log_p.gather(1, action) * advantage)`` follows the
action or flees it, as the sign of the advantage has it. In ``-log_p.gather(1, label)`` the index is the label itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from defib.adapters.torch.ops import LOSSES
from defib.adapters.torch.program import Program, Step, derived, slots_in

CHOOSING = frozenset({"gather", "__getitem__", "take_along_dim"})
DISTANCES = frozenset({"sub", "rsub", "__sub__", "__rsub__", "subtract"})
PRODUCTS = frozenset({"mul", "__mul__", "__rmul__", "multiply"})
FEWEST_PAIRS = 8
"""Of so many, drawn half and half, all are of one kind once in 128 batches."""
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
    return len(rows) > 1 and len(taken) % len(rows) == 0 < len(taken) and all(len(one) == 1 for one in alike)


def one_kind(label: Any) -> tuple[str, ...]:
    """A note where all pairs of a batch have one label: the loss then knows one kind of pairs only."""
    if label is None or label.numel() < FEWEST_PAIRS or not bool((label == label.flatten()[0]).all()):
        return ()
    return (f"all {label.numel()} pairs of the first batch have the label {float(label.flatten()[0]):g}",)


def why_no_labels(program: Program, others: Sequence[Any]) -> str | None:
    """Why the first label leaf is none, as a clause; ``None`` where it is one. ``others``: further leaves' tensors."""
    if not others:
        return None
    if _meets(program, DISTANCES | frozenset(LOSSES)):
        return CHOSEN
    signed = (bool((one < 0).any()) and bool((one > 0).any()) for one in others if one.is_floating_point())
    return FOLLOWED if any(signed) and _meets(program, PRODUCTS) else None


def _meets(program: Program, names: frozenset[str]) -> bool:
    """Whether an output that a label leaf has indexed meets, in one of these calls, what another leaf gives."""
    outputs = derived(program.steps, [leaf.slot for leaf in program.of("output")])
    for leaf in program.of("label"):
        index = derived(program.steps, [leaf.slot]) - outputs
        picking = [step for step in program.steps if _picks(step, outputs, index)]
        picked = derived(program.steps, [slot for step in picking for slot in step.outs])
        further = derived(program.steps, [one.slot for one in program.of("label") if one is not leaf]) - picked
        calls = (set(slots_in(step)) for step in program.steps if step.name in names)
        if any(read & picked and read & further for read in calls):
            return True
    return False


def _picks(step: Step, outputs: set[int], index: set[int]) -> bool:
    read = slots_in(step)
    return step.name in CHOOSING and bool(read) and read[0] in outputs and bool(set(read[1:]) & index)
