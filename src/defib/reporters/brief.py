"""A diagnosis for an agent: the sentence, the evidence, what was ruled out and tried, the fix, the next step.

As short as it can be and still be checked: an agent pays for every word it reads, and must not have to guess what was
measured.
"""

from __future__ import annotations

from typing import Any

from defib.diagnosis import Diagnosis, Hypothesis, Trial
from defib.reporters.background import Location
from defib.reporters.parts import control_first, further, measured, per_seed, spot_kind, verdict_text

RULED_OUT = 6
"""Look-alikes that are given with their reason; the rest by name."""


def brief(diagnosis: Diagnosis, where: Location | None = None) -> dict[str, Any]:
    """The diagnosis as plain values, smallest first; empty parts are left out."""
    d = diagnosis
    causes = [_cause(one, d.causes) for one in d.causes]
    said = {
        "model": f"{d.model} ({d.framework})",
        "outcome": d.outcome,
        "sentence": d.headline,
        "predictions": _predictions(d),
        "causes": causes,
        "rows_become_equal_in": d.first_equal_layer,
        "where": None if where is None else str(where),
        "ruled_out": {one.name: one.assessment.because for one in d.ruled_out[:RULED_OUT]},
        "also_ruled_out": [one.name for one in d.ruled_out[RULED_OUT:]],
        "undecided": {one.name: one.assessment.because for one in d.inconclusive[:RULED_OUT]},
        "not_assessed": {one.name: one.needs for one in d.not_assessed},
        "tried": [_trial(one, measured(d.trials)) for one in control_first(d.trials)],
        "fix": _fix(d),
        "notes": list(d.notes),
        "next": d.next_command,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [], {})}


def _predictions(d: Diagnosis) -> dict[str, Any]:
    s = d.symptom
    shown: dict[str, Any] = {"pattern": s.pattern, "rows": s.n_rows, "spread": _short(s.prediction_spread)}
    if s.is_flat and s.constant is not None:
        shown |= {"constant": [_short(value) for value in s.constant[:5]], "equals": s.equals}
    if s.skill is not None:
        shown["skill"] = {"metric": s.skill.metric, "value": _short(s.skill.value), "rows": s.skill.rows}
    return shown


def _cause(one: Hypothesis, all_of_them: tuple[Hypothesis, ...]) -> dict[str, Any]:
    names = {cause.code: cause.name for cause in all_of_them}
    said: dict[str, Any] = {"code": one.code, "name": one.name, "because": one.assessment.because}
    if one.assessment.layer is not None:
        said["in"] = one.assessment.layer
    if one.assessment.where:
        said["where"] = [f"{spot_kind(spot)}: {spot.name}" for spot in one.assessment.where]
    said["numbers"] = {name: _short(value) for name, value in one.assessment.numbers.items()}
    if one.mechanism_of is not None:
        said["mechanism_of"] = names.get(one.mechanism_of, one.mechanism_of)
    elif one in further(all_of_them):
        said["beside_the_first"] = True
    if one.tied_with:
        said["tied_with"] = [names.get(code, code) for code in one.tied_with]
    return said


def _trial(trial: Trial, recovered: bool) -> dict[str, Any]:
    values = [_short(value) for value in per_seed(trial, recovered)]
    return {"change": trial.intervention, "recovery" if recovered else "skill": values, "enough": verdict_text(trial)}


def _fix(d: Diagnosis) -> dict[str, Any] | None:
    if d.fix is None:
        return None
    return {"says": d.fix.says, "verified": d.fix.verified, "code": d.fix.code, "not_enough": list(d.fix.insufficient)}


def _short(value: float) -> float | str:
    """Four significant digits; what JSON cannot hold, as a word.

    >>> _short(0.123456), _short(float("nan"))
    (0.1235, 'nan')
    """
    shown = float(f"{value:.4g}")
    return shown if shown - shown == 0 else str(shown)
