"""The JSON report against its schema and against issue's contract of names."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from defib import __version__
from defib.diagnosis import Diagnosis
from defib.errors import InputError
from defib.reporters import FORMATS, write_report
from defib.reporters.json import render, report_to_dict
from tests.reporters import samples

SCHEMA: dict[str, Any] = json.loads((files("defib.reporters") / "schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

PROMISED = {
    "diagnosis": "model framework symptom outcome causes ruled_out inconclusive not_assessed trials fix",
    "symptom": "pattern constant equals prediction_spread logit_spread mode_share n_rows n_unique skill",
    "skill": "metric value interval",
    "hypothesis": "code name verdict because layer numbers",
    "not_assessed": "code name needs",
    "trial": "intervention arm seeds recovery prediction_spread sufficient",
    "fix": "interventions verified code",
}
"""Fields of version 1, which stay."""


def test_the_schema_is_one_and_demands_what_was_promised() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["required"] == ["schema_version", "defib_version", "diagnoses"]
    for name, fields in PROMISED.items():
        assert SCHEMA["$defs"][name]["required"] == fields.split()


@pytest.mark.parametrize("diagnosis", samples.ALL, ids=lambda d: d.outcome)
def test_reports_are_valid(diagnosis: Diagnosis) -> None:
    report = json.loads(render([diagnosis]))
    VALIDATOR.validate(report)
    assert report["schema_version"] == 1
    assert report["defib_version"] == __version__


def test_no_model_is_a_valid_report() -> None:
    VALIDATOR.validate(report_to_dict([]))


def test_additional_fields_are_allowed() -> None:
    report = report_to_dict([samples.HEALTHY])
    report["diagnoses"][0]["added_later"] = 1
    VALIDATOR.validate(report)


@pytest.mark.parametrize(
    ("where", "value"),
    [("outcome", "broken"), ("causes", [{"code": "X1"}]), ("fix", {}), ("symptom", None), ("trials", [{}])],
)
def test_the_schema_refuses(where: str, value: object) -> None:
    report = report_to_dict([samples.FLAT_DIAGNOSIS])
    report["diagnoses"][0][where] = value
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(report)


def test_values_are_those_of_the_diagnosis() -> None:
    (entry,) = report_to_dict([samples.FLAT_DIAGNOSIS])["diagnoses"]
    assert entry["model"] == "sequential"
    assert entry["symptom"]["constant"] == [0.6274]
    assert entry["symptom"]["skill"]["interval"] == [-0.02, 0.02]
    assert [cause["code"] for cause in entry["causes"]] == ["DF101", "DF501", "DF401"]
    assert entry["causes"][0]["numbers"]["scale_max"] == 1180.2
    assert [trial["intervention"] for trial in entry["trials"]] == ["control", "standardize-inputs", "halve-depth"]
    assert entry["trials"][1]["recovery"] == [0.98, 1.01, 0.97]
    assert entry["fix"]["verified"] is True
    assert entry["not_assessed"][0]["needs"] == "the gradients in the user's own loop"
    assert samples.FLAT_DIAGNOSIS.to_dict() == entry
    assert entry["symptom"]["skill"]["usable"] is None
    skill = samples.HEALTHY.to_dict()["symptom"]["skill"]
    assert (skill["usable"], skill["usable_interval"]) == (0.9, [0.84, 0.96])


def test_numbers_that_json_cannot_hold_are_null() -> None:
    symptom = replace(samples.FLAT, prediction_spread=float("nan"), constant=(float("inf"), 1.0))
    text = render([replace(samples.FLAT_DIAGNOSIS, symptom=symptom)])
    report = json.loads(text, parse_constant=pytest.fail)
    assert report["diagnoses"][0]["symptom"]["prediction_spread"] is None
    assert report["diagnoses"][0]["symptom"]["constant"] == [None, 1.0]
    VALIDATOR.validate(report)


def test_numbers_of_numpy_become_plain() -> None:
    numpy_numbers: dict[str, Any] = {
        "n_rows": np.int64(4),
        "mode_share": np.float32(0.5),
        "constant": (np.float64(0.5),),
    }
    symptom = replace(samples.FLAT, **numpy_numbers)
    report = json.loads(render([replace(samples.FLAT_DIAGNOSIS, symptom=symptom)]))
    assert report["diagnoses"][0]["symptom"]["n_rows"] == 4


def test_saving_a_diagnosis(tmp_path: Path) -> None:
    path = samples.HEALTHY.save(tmp_path / "x.json")
    assert json.loads(path.read_text())["diagnoses"] == [samples.HEALTHY.to_dict()]
    write_report(samples.ALL, path)
    assert len(json.loads(path.read_text())["diagnoses"]) == len(samples.ALL)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("x.docx", "unknown-report-format"), ("x", "unknown-report-format"), ("no/x.json", "no-such-directory")],
)
def test_where_no_report_can_be_written(tmp_path: Path, name: str, slug: str) -> None:
    with pytest.raises(InputError) as caught:
        samples.HEALTHY.save(tmp_path / name)
    assert caught.value.slug == slug
    assert list(tmp_path.iterdir()) == []


def test_every_format_can_be_loaded() -> None:
    from importlib import import_module

    for module, function in FORMATS.values():
        assert callable(getattr(import_module(module), function))
