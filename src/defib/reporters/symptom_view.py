"""A symptom on its own: what outputs alone show, what their value points to, what would say more."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.rule import Rule

from defib.catalogue import CAUSES, load
from defib.pointers import Pointer, points_to
from defib.reporters.layout import section, titled
from defib.reporters.prose import Text
from defib.reporters.words import symptom_facts
from defib.symptom import Symptom
from defib.wording import symptom_sentence


def symptom_view(source: str, symptom: Symptom, next_steps: Sequence[tuple[str, str]]) -> RenderableType:
    """The sentence, the numbers, the pointer, and what to give next as ``(command, why)``."""
    parts: list[RenderableType] = [
        Rule(Text(source, style="bold"), align="left", style="dim"),
        Text(f"{symptom_sentence(symptom)}{_verdict(symptom)}.", style="bold"),
        *section("Predictions", symptom_facts(symptom)),
    ]
    pointer = points_to(symptom)
    if pointer is not None:
        parts += titled("What this usually comes from", *_pointer(pointer))
    parts += titled("Next", *(Text.assemble((command, "cyan"), f"\n    {why}") for command, why in next_steps))
    return Group(*parts, Text(""))


def _verdict(symptom: Symptom) -> str:
    """Varied outputs are neither good nor bad until labels say so."""
    if symptom.is_flat or symptom.pattern == "one_class":
        return ""
    if symptom.skill is None:
        return "; whether they know anything about the rows takes labels to tell"
    return (
        " and carry information about the row"
        if symptom.skill.shown
        else ", but do not beat a constant on these labels"
    )


def _pointer(pointer: Pointer) -> list[RenderableType]:
    names = [f"{load(code).name} ({code})" for code in pointer.codes if code in CAUSES]
    says = pointer.says[:1].upper() + pointer.says[1:]
    lines: list[RenderableType] = [Text(f"{says}.")]
    if names:
        lines.append(Text(f"Look at: {', '.join(names)}. The value is a pointer; only the network can prove it."))
    return lines
