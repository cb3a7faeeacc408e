"""Ways through the program of a loss: from outputs and labels to where they meet."""

from __future__ import annotations

from collections.abc import Sequence

from defib.adapters.torch.ops import kind_of
from defib.adapters.torch.program import Program, Step, derived, slots_in


def selected_at(program: Program, meeting: int | None) -> int:
    """Which output meets the labels first; else the first one that the loss uses."""
    outputs = program.of("output")
    if not outputs:
        return 0
    if meeting is not None:
        reached = ancestors(program, slots_in(program.steps[meeting]), meeting)
        for leaf in outputs:
            if leaf.slot in reached:
                return int(leaf.key)
    return min(int(leaf.key) for leaf in outputs)


def ancestors(program: Program, slots: Sequence[int], before: int) -> set[int]:
    """These slots and all that they were made of, in the steps before one."""
    found = set(slots)
    for step in reversed(program.steps[:before]):
        if found & set(step.outs):
            found |= set(slots_in(step))
    return found


def path_to(program: Program, selected: int, meeting: int | None) -> list[int]:
    """Steps between the prediction and the place where it meets the labels, reshapes left out."""
    leaf = next((one for one in program.of("output") if one.key == selected), None)
    if leaf is None or meeting is None:
        return []
    reached = ancestors(program, slots_in(program.steps[meeting]), meeting)
    found, current = [], {leaf.slot}
    for i, step in enumerate(program.steps[:meeting]):
        if current & set(slots_in(step)) and set(step.outs) & reached:
            current |= set(step.outs)
            if kind_of(step.name) != "reshape":
                found.append(i)
    return found


def of_labels(program: Program, step: Step) -> set[int]:
    """Slots of a meeting step that come from labels."""
    roots = [leaf.slot for leaf in program.of("label")]
    outputs = derived(program.steps, [leaf.slot for leaf in program.of("output")])
    return (derived(program.steps, roots) - outputs) & set(slots_in(step))
