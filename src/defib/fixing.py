"""From causes and trials to the smallest fix, as code in the user's framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from defib.causes import Cause
from defib.diagnosis import Fix, Hypothesis, Trial
from defib.evidence import Book, Missing
from defib.interventions import Intervention


def choose_fix(
    causes: Sequence[Hypothesis],
    catalogue: Mapping[str, Cause],
    interventions: Mapping[str, Intervention],
    trials: Sequence[Trial],
    book: Book,
    framework: str,
) -> Fix | None:
    """The smallest sufficient fix of the first cause; else its first applicable one, as a suggestion."""
    if not causes:
        return None
    own = [name for name in catalogue[causes[0].code].fixes if name in interventions]
    sufficient = [trial.intervention for trial in trials if trial.sufficient]
    in_vain = tuple(t.intervention for t in trials if t.arm == "treated" and not t.sufficient and not t.undecided)
    verified = sorted((name for name in own if name in sufficient), key=lambda name: interventions[name].size)
    open_ones = [name for name in own if name not in in_vain and _applies(interventions[name], book)]
    chosen = next(iter([*verified, *open_ones]), None)
    if chosen is None:
        return None
    return Fix(
        interventions=(chosen,),
        verified=chosen in sufficient,
        code=_code(interventions[chosen], book, framework),
        says=interventions[chosen].does,
        alternatives=tuple(name for name in sufficient if name != chosen),
        insufficient=in_vain,
    )


def _applies(one: Intervention, book: Book) -> bool:
    try:
        return one.applies(book) is None
    except Missing:
        return False


def _code(one: Intervention, book: Book, framework: str) -> str:
    try:
        return one.code(book, framework)
    except Missing as missing:
        return f"# {one.does} (needs {missing.needs})"
