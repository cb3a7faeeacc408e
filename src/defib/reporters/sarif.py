"""SARIF 2.1.0 (OASIS): one result per fault, at the line of the user's call where it shows.

Every cause of the catalogue that is named is a rule with its page as help. A healthy model gives no result.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from defib import __version__
from defib.catalogue import CAUSES, load
from defib.diagnosis import Diagnosis, Hypothesis
from defib.findings import severity
from defib.pages import page, summary
from defib.reporters.background import Background, Location
from defib.reporters.markdown import escaped, fence
from defib.reporters.parts import further
from defib.reporters.words import seeds_clause

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
UNDECIDED = "DF000"
"""Rule of a problem without a cause."""


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """The whole report as text."""
    return json.dumps(report(diagnoses, background), indent=2, ensure_ascii=False) + "\n"


def report(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> dict[str, Any]:
    """The whole report."""
    known = background if background is not None else Background()
    results = [one for index, d in enumerate(diagnoses) for one in _results(d, known, index)]
    rules = sorted({str(one["ruleId"]) for one in results})
    for one in results:
        one["ruleIndex"] = rules.index(one["ruleId"])
    driver = {"name": "defib", "version": __version__, "rules": [_rule(code) for code in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(d: Diagnosis, known: Background, index: int) -> Iterator[dict[str, Any]]:
    location = known.location(index, d)
    level = severity(d)
    if level == "none":
        return
    best = d.causes[0] if d.causes else None
    accepted = index in known.accepted
    yield _result(d, best, level, location, d.headline, accepted=accepted)
    for other in further(d.causes):
        if best is None or other.code not in best.tied_with:
            message = f"{d.model}: {other.name}: {other.assessment.because}"
            here = known.of_cause(other) or location
            yield _result(d, other, "note" if level == "note" else "warning", here, message, accepted=accepted)


def _result(
    d: Diagnosis, cause: Hypothesis | None, level: str, location: Location | None, says: str, *, accepted: bool
) -> dict[str, Any]:
    code = UNDECIDED if cause is None else cause.code
    result: dict[str, Any] = {
        "ruleId": code,
        "level": level,
        "message": {"text": says, "markdown": escaped(says) + _fix(d, cause)},
        "partialFingerprints": {"defibModelAndCause/v1": f"{d.model}:{code}"},
        "properties": {"model": d.model, "framework": d.framework, "pattern": d.symptom.pattern, "outcome": d.outcome},
    }
    if location is not None:
        result["locations"] = [{"physicalLocation": _physical(location)}]
    if accepted:
        result["suppressions"] = [{"kind": "external", "justification": "in the baseline"}]
    return result


def _fix(d: Diagnosis, cause: Hypothesis | None) -> str:
    """The fix belongs to the leading cause."""
    if d.fix is None or not d.fix.code or cause is None or cause is not d.causes[0]:
        return ""
    return f"\n\n{escaped(d.fix.says)} ({escaped(seeds_clause(d.fix, d.trials))})\n\n{fence(d.fix.code)}"


def _physical(location: Location) -> dict[str, Any]:
    path = PurePath(location.file)
    artifact = (
        {"uri": Path(path).as_uri()}
        if path.is_absolute()
        else {"uri": quote(path.as_posix()), "uriBaseId": "%SRCROOT%"}
    )
    return {"artifactLocation": artifact} | (
        {} if location.line is None else {"region": {"startLine": max(1, location.line)}}
    )


def _rule(code: str) -> dict[str, Any]:
    if code not in CAUSES:
        short = "The network is flat, or knows nothing, and no mechanism was observed beyond doubt"
        return {"id": code, "name": "undecided", "shortDescription": {"text": short}}
    cause = load(code)
    return {
        "id": code,
        "name": cause.name,
        "shortDescription": {"text": summary(cause)},
        "help": {"text": page(cause), "markdown": page(cause)},
        "properties": {"tags": [cause.stage]},
    }
