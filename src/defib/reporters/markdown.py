"""Markdown for a pull request: what must be read stands open, the rest is folded.

Names and sentences come from strangers' programs: they are escaped, and can neither mention people nor link issues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from defib import __version__
from defib.diagnosis import Diagnosis, Fix, Hypothesis, Trial
from defib.reporters.background import Background, Location
from defib.reporters.legible import legible
from defib.reporters.parts import (
    acts_through,
    alternatives_title,
    by_need,
    cause_title,
    control_first,
    course_title,
    effect_text,
    fix_title,
    further,
    legend,
    measured,
    proofs,
    reached_text,
    tie_text,
    trials_title,
    verdict_text,
    where,
)
from defib.reporters.words import look_alikes_first, seeds_clause, symptom_facts

SPECIAL = re.compile(r"([\\`*_\[\]|~])")
BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
NO_MODEL = "No model was diagnosed."


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """The whole report as text."""
    known = background if background is not None else Background()
    parts = [
        "\n".join(_report(legible(one), known.location(index, one), accepted=index in known.accepted))
        for index, one in enumerate(diagnoses)
    ]
    return "\n".join(["## defib", "", *(parts or [NO_MODEL]), "", f"<sub>defib {__version__}</sub>", ""])


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is: one line, no markup, no mention, no link to an issue.

    >>> print(escaped("a*b <i> @you #1"))
    a\*b &lt;i&gt; @<!-- -->you #<!-- -->1
    """
    line = BLANK.sub(" ", text).strip()
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = SPECIAL.sub(r"\\\1", line)
    return re.sub(r"([@#])(?=\w)", r"\1<!-- -->", line)


def code_span(text: str) -> str:
    """A name in code style; backticks in it stay.

    >>> print(code_span("a`b"))
    `` a`b ``
    """
    line = BLANK.sub(" ", text).strip() or " "
    ticks = _longer(line, 1)
    inner = f" {line} " if "`" in line else line
    return f"{ticks}{inner}{ticks}"


def fence(code: str, language: str = "python") -> str:
    """A block of code that nothing in it can close."""
    ticks = _longer(code, 3)
    return f"{ticks}{language}\n{code.rstrip()}\n{ticks}"


def _longer(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _report(d: Diagnosis, location: Location | None, *, accepted: bool) -> Iterator[str]:
    yield f"### {code_span(d.model)} ({escaped(d.framework)})" + (", known: in the baseline" if accepted else "")
    yield f"\n**{escaped(d.headline)}**\n"
    yield from (f"- {escaped(line)}" for line in symptom_facts(d.symptom))
    if d.causes:
        yield from _cause(d, location)
    if d.trials:
        yield f"\n#### {trials_title(d.trials)}\n"
        yield from _trials(d.trials)
    if d.fix is not None:
        yield from _fix(d.fix, d)
    yield from _folded(d)
    if d.next_command:
        yield f"\nNext: {code_span(d.next_command)}"
    if d.versions:
        yield "\n<sub>" + escaped(", ".join(f"{name} {version}" for name, version in d.versions.items())) + "</sub>"


def _cause(d: Diagnosis, location: Location | None) -> Iterator[str]:
    best = d.causes[0]
    at = "" if location is None else f", at {code_span(str(location))}"
    yield f"\n#### {cause_title(d)}\n"
    yield f"**{escaped(best.name)}** ({escaped(best.code)}){escaped(where(best))}{at}\n"
    if best.assessment.because not in d.headline:
        yield f"because {escaped(best.assessment.because)}\n"
    yield from (f"- {escaped(name)}: **{escaped(value)}**" for name, value in proofs(d))
    if best.tied_with:
        yield f"\n{escaped(tie_text(d))}"
    yield from _list(course_title(d), [escaped(line) for line in d.course])
    title = f"Explained by {best.name}" if d.outcome == "nothing_wrong" else f"How {best.name} acts"
    yield from _list(title, [_because(one) for one in acts_through(d.causes)])
    yield from _list("Also found", [_because(one) for one in further(d.causes)])


def _because(one: Hypothesis) -> str:
    return f"**{escaped(one.name)}** ({escaped(one.code)}): {escaped(one.assessment.because)}"


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"\n{escaped(title)}:\n"
        yield from (f"- {line}" for line in lines)


def _trials(trials: Sequence[Trial]) -> Iterator[str]:
    recovered = measured(trials)
    yield f"| tried | {'recovery' if recovered else 'skill'} per seed | effect [95 %] | enough? | what was changed |"
    yield "|---|---:|---:|:---:|---|"
    for trial in control_first(trials):
        note = f" ({trial.note})" if trial.note else ""
        cells = (
            trial.intervention,
            reached_text(trial, recovered),
            effect_text(trial),
            verdict_text(trial),
            trial.does + note,
        )
        yield "| " + " | ".join(escaped(cell) for cell in cells) + " |"
    yield f"\n<sub>{legend(trials)}</sub>"


def _fix(fix: Fix, d: Diagnosis) -> Iterator[str]:
    yield f"\n#### {fix_title(fix)}\n"
    yield f"{escaped(fix.says)} ({escaped(seeds_clause(fix, d.trials))})"
    if fix.code:
        yield f"\n{fence(fix.code)}"
    if fix.alternatives:
        yield f"\n{alternatives_title(fix)}: {escaped(', '.join(fix.alternatives))}"


def _folded(d: Diagnosis) -> Iterator[str]:
    needs = [f"needs {escaped(need)}: {escaped(', '.join(names))}" for need, names in by_need(d.not_assessed).items()]
    sections = (
        ("What it is not", [_because(one) for one in look_alikes_first(d.ruled_out, d.causes)]),
        ("Not settled", [_because(one) for one in d.inconclusive]),
        ("Not assessed", needs),
        ("Notes", [escaped(note) for note in d.notes]),
    )
    for title, lines in sections:
        if lines:
            yield f"\n<details><summary>{title} ({len(lines)})</summary>\n"
            yield from (f"- {line}" for line in lines)
            yield "\n</details>"
