"""The report in the terminal, in the order a stuck person needs it.

Is it flat and why · the predictions · the numbers that prove the cause · what was tried · what it is not · the smallest
fix · what was not assessed · the next command: the order of the HTML report. A section without content is left out.
Beside a fix that was verified, what is not settled or was not assessed is only counted: nobody needs it any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

from rich.console import Group, RenderableType
from rich.rule import Rule

from defib.diagnosis import Diagnosis, Fix, Hypothesis, NotAssessed
from defib.reporters.layout import PLAIN_WIDTH, Code, Manner, facts, plain, section, show, titled
from defib.reporters.legible import legible
from defib.reporters.parts import (
    acts_through,
    alternatives_title,
    by_need,
    cause_title,
    course_title,
    fix_title,
    further,
    is_a_way,
    line_text,
    place_text,
    proofs,
    tie_text,
    trials_title,
    where,
)
from defib.reporters.prose import Text
from defib.reporters.trial_table import trial_table
from defib.reporters.words import look_alikes_first, look_alikes_of, seeds_clause, symptom_facts

RULED_OUT_SHOWN, LEAST_SHOWN, FEW = 5, 2, 3
"""Causes that are ruled out in a sentence each (the look-alikes of the one that was found): at most, at least; how many
more are still named."""
INCONCLUSIVE_SHOWN = {"cause_found": 2, "nothing_wrong": 2, "undecided": 5, "healthy": 0}
"""How many causes that were not settled are worth a reader's time, per outcome."""
NOTES_SHOWN = 8
OUTCOME_STYLE = {
    "cause_found": "bold",
    "nothing_wrong": "bold cyan",
    "undecided": "bold yellow",
    "healthy": "bold green",
}


def render_text(diagnosis: Diagnosis, width: int = PLAIN_WIDTH) -> str:
    """One diagnosis as plain text without colour, ``width`` columns wide."""
    return plain(diagnosis_view(diagnosis, width), width)


def print_diagnosis(
    diagnosis: Diagnosis, file: IO[str], manner: Manner | None = None, before: Sequence[Diagnosis] = ()
) -> None:
    """Print one diagnosis; in short where one that was printed ``before`` it says the same (the folds of one model)."""
    like = next((one for one in before if _sameness(one) == _sameness(diagnosis)), None)
    if like is None:
        show(lambda width: diagnosis_view(diagnosis, width), file, manner)
    else:
        show(_in_short(legible(diagnosis), legible(like)), file, manner)


def _sameness(d: Diagnosis) -> tuple[object, ...]:
    """What two models must share for one report to speak for both."""
    causes = tuple((one.code, one.mechanism_of, one.tied_with, one.at) for one in d.causes)
    fix = (d.fix.interventions, d.fix.verified) if d.fix is not None else None
    return d.framework, d.model.partition(" #")[0], d.outcome, d.symptom.pattern, causes, fix


def _in_short(d: Diagnosis, like: Diagnosis) -> RenderableType:
    same = "what it comes from and the fix are" if d.fix is not None else "what there is to say is"
    text = f"As with {like.model}: {same} the same. An HTML report shows it whole (--report out.html)."
    return Group(_title(d), Text(d.headline, style=OUTCOME_STYLE[d.outcome]), Text(text), Text(""))


def diagnosis_view(diagnosis: Diagnosis, width: int) -> RenderableType:
    """All sections, in order."""
    shown = legible(diagnosis)
    return Group(_title(shown), *_sections(shown, width), Text(""))


def _title(d: Diagnosis) -> RenderableType:
    return Rule(Text.assemble((d.model, "bold"), f" ({d.framework})"), align="left", style="dim")


def _sections(d: Diagnosis, width: int) -> Iterator[RenderableType]:
    yield Text(d.headline, style=OUTCOME_STYLE[d.outcome])
    yield from section("Predictions", symptom_facts(d.symptom))
    if d.causes:
        yield from _cause(d, d.causes[0])
        yield from section(course_title(d), d.course)
        yield from _further(d.causes, d.outcome == "nothing_wrong")
    if d.trials:
        yield from titled(trials_title(d.trials), trial_table(d.trials, width))
    yield from _ruled_out(d)
    yield from _inconclusive(d)
    if d.fix is not None:
        yield from _fix(d.fix, d)
    yield from _not_assessed(() if _is_proven(d) else d.not_assessed)
    yield from section("Notes", _notes(d.notes))
    if d.next_command:
        yield from titled("Next", Text(d.next_command, style="cyan"))


def _cause(d: Diagnosis, best: Hypothesis) -> Iterator[RenderableType]:
    """Name and place of the leading cause, and the numbers that prove it."""
    what = Text.assemble((best.name, "bold red"), f" ({best.code}){where(best)}")
    body: list[RenderableType] = [what]
    if line := place_text(best):
        body.append(Text(line, style="cyan"))
    if best.assessment.because not in d.headline:
        body.append(Text(f"because {best.assessment.because}"))
    if shown := proofs(d):
        body.append(facts(shown))
    if tie := tie_text(d):
        body.append(Text(tie))
    yield from titled(cause_title(d), *body)


def _further(causes: Sequence[Hypothesis], harmless: bool) -> Iterator[RenderableType]:
    """What else is supported: the mechanism through which the first acts, and other faults."""
    names = {one.code: one.name for one in causes}
    explained = acts_through(causes)
    acts = [] if harmless else [one for one in explained if is_a_way(one)]
    yield from section(f"How {names[causes[0].code]} acts", [_because(one) for one in acts])
    others = [_because(one) for one in explained if one not in acts]
    yield from section(f"Also seen, explained by {names[causes[0].code]}", others)
    beside = [(one, names.get(one.mechanism_of or "", "")) for one in further(causes)]
    yield from section("Also found", [_because(one, line_text(one), of) for one, of in beside])


def _because(one: Hypothesis, line: str = "", origin: str = "") -> Text:
    at, of = f", {line}" if line else "", f", explained by {origin}" if origin else ""
    return Text.assemble((one.name, "bold"), f" ({one.code}{at}{of}): {one.assessment.because}")


def _ruled_out(d: Diagnosis) -> Iterator[RenderableType]:
    """The look-alikes of what was found, or the first five; a long list of names helps nobody."""
    ordered, alike = look_alikes_first(d.ruled_out, d.causes), look_alikes_of(d.causes)
    many = sum(one.code in alike for one in ordered) if d.causes else RULED_OUT_SHOWN
    many = max(LEAST_SHOWN, min(many, RULED_OUT_SHOWN))
    lines: list[str | Text] = [_because(one) for one in ordered[:many]]
    if said := _rest([one.name for one in ordered[many:]], d):
        lines.append(Text(said, style="dim"))
    yield from section("What it is not", lines)


def _rest(names: Sequence[str], d: Diagnosis) -> str:
    """What is not told in a sentence, by name or by number."""
    counted = [f"nor {', '.join(names)}" if len(names) <= FEW else f"nor {len(names)} others"] if names else []
    if _is_proven(d):
        open_ones = ((len(d.inconclusive), "not settled"), (len(d.not_assessed), "not assessed"))
        counted += [f"{many} {how}" for many, how in open_ones if many]
    in_html = len(names) > FEW or len(counted) > bool(names)
    return ", ".join(counted) + ("; an HTML report lists them (--report out.html)" if in_html else "")


def _is_proven(d: Diagnosis) -> bool:
    return d.fix is not None and d.fix.verified


def _inconclusive(d: Diagnosis) -> Iterator[RenderableType]:
    shown = () if _is_proven(d) else d.inconclusive[: INCONCLUSIVE_SHOWN[d.outcome]]
    yield from section("Not settled", [_because(one) for one in shown])


def _fix(fix: Fix, d: Diagnosis) -> Iterator[RenderableType]:
    body: list[RenderableType] = [Text(f"{fix.says} ({seeds_clause(fix, d.trials)})")]
    if fix.code:
        body += [Text(""), Code(fix.code, indent=2)]
    others = [Text(f"{alternatives_title(fix)}: {', '.join(fix.alternatives)}")] if fix.alternatives else []
    gap = [Text("")] if fix.code and others else []
    yield from titled(fix_title(fix), *body, *gap, *others)


def _not_assessed(unassessed: Sequence[NotAssessed]) -> Iterator[RenderableType]:
    """What could not be judged, by what it would need."""
    needs = by_need(unassessed).items()
    lines = [Text.assemble((f"needs {need}", "bold"), f": {', '.join(names)}") for need, names in needs]
    yield from section("Not assessed", lines)


def _notes(notes: Sequence[str]) -> list[str | Text]:
    shown: list[str | Text] = [Text(note) for note in notes[:NOTES_SHOWN]]
    if len(notes) > NOTES_SHOWN:
        shown.append(Text(f"{len(notes) - NOTES_SHOWN} more notes are in the JSON report", style="dim"))
    return shown
