"""The JSON report: stable from schema version 1 on; later versions only add fields. Schema: ``schema.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from defib import __version__
from defib.diagnosis import Diagnosis, Fix, Hypothesis, NotAssessed, Trial
from defib.reporters.background import Background
from defib.symptom import Skill, Symptom

SCHEMA_VERSION = 1


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """The whole report as text; the diagnoses alone, so that the same ones always give the same report."""
    return json.dumps(report_to_dict(diagnoses), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def report_to_dict(diagnoses: Sequence[Diagnosis]) -> dict[str, Any]:
    """The whole report."""
    return {
        "schema_version": SCHEMA_VERSION,
        "defib_version": __version__,
        "diagnoses": [diagnosis_to_dict(diagnosis) for diagnosis in diagnoses],
    }


def diagnosis_to_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    """One entry of ``diagnoses``. Numbers that JSON cannot hold (nan, inf) are ``null``."""
    d = diagnosis
    return {
        "model": d.model,
        "framework": d.framework,
        "symptom": symptom_to_dict(d.symptom),
        "outcome": d.outcome,
        "headline": d.headline,
        "causes": [_hypothesis(one) for one in d.causes],
        "ruled_out": [_hypothesis(one) for one in d.ruled_out],
        "inconclusive": [_hypothesis(one) for one in d.inconclusive],
        "not_applicable": [_hypothesis(one) for one in d.not_applicable],
        "not_assessed": [_not_assessed(one) for one in d.not_assessed],
        "trials": [_trial(one) for one in sorted(d.trials, key=lambda one: one.arm != "control")],
        "fix": None if d.fix is None else _fix(d.fix),
        "first_equal_layer": d.first_equal_layer,
        "course": list(d.course),
        "notes": list(d.notes),
        "next_command": d.next_command,
        "seconds": _number(d.seconds),
        "versions": dict(d.versions),
    }


def symptom_to_dict(symptom: Symptom) -> dict[str, Any]:
    """The symptom as it stands in the report."""
    s = symptom
    return {
        "pattern": s.pattern,
        "flat": s.is_flat,
        "constant": None if s.constant is None else _numbers(s.constant),
        "equals": s.equals,
        "exactness": _number(s.exactness),
        "prediction_spread": _number(s.prediction_spread),
        "logit_spread": _number(s.logit_spread),
        "mode_share": _number(s.mode_share),
        "n_rows": int(s.n_rows),
        "n_unique": int(s.n_unique),
        "nan_fraction": _number(s.nan_fraction),
        "skill": None if s.skill is None else _skill(s.skill),
        "hard_label_share": _number(s.hard_label_share),
        "output_kind": s.output_kind,
        "n_outputs": int(s.n_outputs),
        "columns_flat": [bool(flat) for flat in s.columns_flat],
        "prior": None if s.prior is None else _numbers(s.prior),
    }


def _skill(skill: Skill) -> dict[str, Any]:
    return {
        "metric": skill.metric,
        "value": _number(skill.value),
        "interval": _numbers(skill.interval),
        "n_rows": int(skill.n_rows),
        "rows": skill.rows,
        "usable": _number(skill.usable),
        "usable_interval": None if skill.usable_interval is None else _numbers(skill.usable_interval),
    }


def _hypothesis(one: Hypothesis) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "verdict": one.assessment.verdict,
        "because": one.assessment.because,
        "layer": one.assessment.layer,
        "where": [{"kind": spot.kind, "name": spot.name, "group": spot.group} for spot in one.assessment.where],
        "numbers": _mapping(one.assessment.numbers),
        "mechanism_of": one.mechanism_of,
        "tied_with": list(one.tied_with),
        "at": None if one.at is None else {"file": one.at.file, "line": one.at.line, "text": one.at.text},
    }


def _not_assessed(one: NotAssessed) -> dict[str, Any]:
    return {"code": one.code, "name": one.name, "needs": one.needs}


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "intervention": trial.intervention,
        "arm": trial.arm,
        "does": trial.does,
        "seeds": [int(seed) for seed in trial.seeds],
        "recovery": _numbers(trial.recovery),
        "prediction_spread": _numbers(trial.prediction_spread),
        "score": _numbers(trial.score),
        "effect": _number(trial.effect),
        "interval": None if trial.interval is None else _numbers(trial.interval),
        "sufficient": bool(trial.sufficient),
        "undecided": bool(trial.undecided),
        "seconds": _number(trial.seconds),
        "note": trial.note,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "interventions": list(fix.interventions),
        "verified": bool(fix.verified),
        "code": fix.code,
        "says": fix.says,
        "alternatives": list(fix.alternatives),
        "insufficient": list(fix.insufficient),
    }


def _mapping(numbers: Mapping[str, float]) -> dict[str, float | int | None]:
    return {str(name): _number(value) for name, value in numbers.items()}


def _numbers(values: Sequence[float]) -> list[float | int | None]:
    return [_number(value) for value in values]


def _number(value: float | None) -> float | int | None:
    """A plain finite number, or ``None``; whole numbers stay whole, NumPy's become Python's.

    >>> _number(float("inf")), _number(3), _number(0.5), _number(None)
    (None, 3, 0.5, None)
    """
    if value is None:
        return None
    if isinstance(value, int):
        return int(value)
    return float(value) if math.isfinite(value) else None
