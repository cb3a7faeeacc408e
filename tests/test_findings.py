"""What ``--fail-on`` counts, how severe a diagnosis is, and what a baseline accepts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from defib.diagnosis import Diagnosis
from defib.errors import InputError
from defib.findings import KINDS, Finding, failing, findings_of, read_baseline, severity
from defib.reporters import write_report
from tests.reporters import samples

NAN = replace(
    samples.UNDECIDED, symptom=replace(samples.FLAT, pattern="nan", nan_fraction=0.5, constant=None, equals=None)
)
ONE_CLASS = replace(samples.NOTHING_WRONG, symptom=replace(samples.VARIED, pattern="one_class"))
UNSKILLED = replace(samples.FLAT_DIAGNOSIS, symptom=samples.VARIED)
UNKNOWN = replace(samples.UNDECIDED, symptom=replace(samples.VARIED, skill=None))
EACH = {
    "flat": samples.FLAT_DIAGNOSIS,
    "nan": NAN,
    "one_class": ONE_CLASS,
    "unskilled": UNSKILLED,
    "unknown": UNKNOWN,
    "nothing_wrong": samples.NOTHING_WRONG,
    "healthy": samples.HEALTHY,
}


@pytest.mark.parametrize(
    ("name", "kinds", "level"),
    [
        ("flat", {"flat", "any"}, "error"),
        ("nan", {"flat", "nan", "any"}, "error"),
        ("one_class", {"one-class", "any"}, "note"),
        ("unskilled", {"any"}, "warning"),
        ("unknown", set(), "note"),
        ("nothing_wrong", set(), "note"),
        ("healthy", set(), "none"),
    ],
)
def test_kinds_and_severity(name: str, kinds: set[str], level: str) -> None:
    assert {one.kind for one in findings_of(EACH[name])} == kinds
    assert severity(EACH[name]) == level


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_was_asked_for_fails(kind: str) -> None:
    found = failing(EACH.values(), [kind])
    assert found == tuple(one for one in EACH.values() if kind in {finding.kind for finding in findings_of(one)})
    assert failing(EACH.values(), []) == ()


def accepted(path: Path, *diagnoses: Diagnosis) -> frozenset[Finding]:
    return read_baseline(write_report(diagnoses, path / "base.json"))


def test_a_report_is_its_own_baseline(tmp_path: Path) -> None:
    known = accepted(tmp_path, *EACH.values())
    assert known == frozenset().union(*map(findings_of, EACH.values()))
    assert failing(EACH.values(), KINDS, known) == ()


def test_another_model_or_another_cause_is_new(tmp_path: Path) -> None:
    known = accepted(tmp_path, samples.FLAT_DIAGNOSIS)
    other_model = replace(samples.FLAT_DIAGNOSIS, model="encoder")
    other_cause = replace(samples.FLAT_DIAGNOSIS, causes=samples.FLAT_DIAGNOSIS.causes[1:])
    undecided = replace(samples.UNDECIDED, model=samples.FLAT_DIAGNOSIS.model)
    everything = (samples.FLAT_DIAGNOSIS, other_model, other_cause, undecided)
    assert failing(everything, ["flat"], known) == (other_model, other_cause, undecided)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"diagnoses": 3}', '{"diagnoses": [{}]}', '{"diagnoses": [1]}']
)
def test_what_is_no_baseline(text: str, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert caught.value.slug == "not-a-baseline"


def test_a_baseline_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_baseline(tmp_path / "base.json")
    assert caught.value.slug == "no-such-file"
