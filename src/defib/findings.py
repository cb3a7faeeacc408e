"""What a gate counts: findings of one diagnosis, how severe they are, and findings that were accepted before.

A **finding** is one model with one kind of problem and the cause that was named for it. ``--fail-on`` chooses kinds;
a baseline (a JSON report of an earlier run) accepts the findings it holds. A model that is flat because of a cause
other than the accepted one is a new finding.

=============  ================================================================================
``flat``       the outputs carry (almost) no information about the row; NaN counts
``nan``        some prediction is NaN or infinite
``one-class``  every row gets one class although the probabilities differ
``any``        any of these, or a cause was found for outputs that vary and know nothing
=============  ================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from defib.diagnosis import Diagnosis, Outcome
from defib.errors import InputError
from defib.symptom import Symptom

Kind = Literal["flat", "nan", "one-class", "any"]
KINDS: tuple[Kind, ...] = ("flat", "nan", "one-class", "any")
Severity = Literal["error", "warning", "note", "none"]


@dataclass(frozen=True)
class Finding:
    """One model, one kind of problem, the code of its leading cause (``None``: undecided)."""

    model: str
    kind: Kind
    cause: str | None


def findings_of(diagnosis: Diagnosis) -> frozenset[Finding]:
    """All findings of one diagnosis, one per kind."""
    d = diagnosis
    cause = d.causes[0].code if d.causes else None
    kinds = kinds_of(d.symptom, d.outcome)
    return frozenset(Finding(d.model, kind, cause) for kind in kinds)


def kinds_of(symptom: Symptom, outcome: Outcome = "undecided") -> frozenset[Kind]:
    """Kinds of problem that outputs show; ``any`` also where a cause was found for outputs that vary."""
    return _kinds(symptom.is_flat, symptom.nan_fraction, symptom.pattern, outcome)


def _kinds(flat: bool, nan_fraction: float, pattern: str, outcome: str) -> frozenset[Kind]:
    """Which kinds of problem these are.

    >>> sorted(_kinds(True, 0.0, "identical", "undecided")), sorted(_kinds(False, 0.0, "one_class", "nothing_wrong"))
    (['any', 'flat'], ['any', 'one-class'])
    >>> sorted(_kinds(False, 0.0, "varied", "cause_found")), sorted(_kinds(False, 0.0, "varied", "nothing_wrong"))
    (['any'], [])
    """
    held: dict[Kind, bool] = {"flat": flat, "nan": nan_fraction > 0, "one-class": pattern == "one_class"}
    kinds = {kind for kind, holds in held.items() if holds}
    return frozenset(kinds | {"any"} if kinds or outcome == "cause_found" else kinds)


def check_kinds(kinds: Iterable[str]) -> None:
    """Raise `InputError` for a kind that does not exist."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise InputError(
            "unknown-finding",
            came=f"{', '.join(map(repr, unknown))} is no kind of finding",
            expected=f"some of {', '.join(KINDS)}, in a list",
            write='fail_on=["flat"]',
        )


def failing(
    diagnoses: Iterable[Diagnosis], wanted: Iterable[str], accepted: frozenset[Finding] = frozenset()
) -> tuple[Diagnosis, ...]:
    """The diagnoses with a finding of a wanted kind that was not accepted before."""
    kinds = frozenset(wanted)
    return tuple(d for d in diagnoses if any(one.kind in kinds for one in findings_of(d) - accepted))


def severity(diagnosis: Diagnosis) -> Severity:
    """How a reader should be told: ``error`` for a fault that left nothing, ``note`` where nothing is wrong.

    What is undecided only for lack of labels is a ``note``, too.
    """
    flat = diagnosis.symptom.is_flat
    if diagnosis.outcome == "healthy":
        return "none"
    if diagnosis.outcome == "nothing_wrong":
        return "note"
    if diagnosis.outcome == "cause_found":
        return "error" if flat else "warning"
    if flat:
        return "error"
    return "warning" if diagnosis.symptom.pattern in ("one_class", "few_values") else "note"


def read_baseline(path: Path) -> frozenset[Finding]:
    """The findings that a JSON report of an earlier run holds; raises `InputError` when it is none."""
    if not path.is_file():
        raise InputError(
            "no-such-file",
            came=f"the baseline {path} does not exist",
            expected="a JSON report of an earlier run, whose findings are accepted",
            write=f"defib run --report {path.with_suffix('.json')} train.py    # writes one",
        )
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return frozenset(one for entry in report["diagnoses"] for one in _recorded(entry))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "not-a-baseline",
            came=f"{path} is not a JSON report of defib",
            expected="a file that --report NAME.json has written",
            write="defib run --report baseline.json train.py",
        ) from None


def _recorded(entry: Mapping[str, Any]) -> Iterable[Finding]:
    symptom, causes = entry["symptom"], entry["causes"]
    kinds = _kinds(
        bool(symptom["flat"]), float(symptom.get("nan_fraction") or 0.0), symptom["pattern"], entry["outcome"]
    )
    cause = causes[0]["code"] if causes else None
    return (Finding(entry["model"], kind, cause) for kind in kinds)
