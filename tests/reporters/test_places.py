"""The line that carries the fault, in every report; and what two factors of one fault have to do with each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defib.diagnosis import Diagnosis, Place, Trial
from defib.reporters.background import Background, Behind
from defib.reporters.json import diagnosis_to_dict
from defib.reporters.parts import tie_text
from defib.reporters.sarif import report
from defib.reporters.terminal import render_text
from tests.reporters.samples import FLAT_DIAGNOSIS

HERE = Background(script="/w/train.py", directory="/w", behind=(Behind({"fit": "/w/train.py:4"}),))


def placed() -> Diagnosis:
    first, second, *rest = FLAT_DIAGNOSIS.causes
    at = replace(first, at=Place("/w/train.py", 41, "model.fit(X, y)"), tied_with=())
    step = replace(second, at=Place("/w/train.py", 31, "optimizer = SGD(lr=5.0)"), tied_with=())
    return replace(FLAT_DIAGNOSIS, causes=(at, step, *rest))


def test_the_terminal_shows_the_line_and_what_stands_there() -> None:
    assert "train.py:41  model.fit(X, y)" in render_text(placed())
    assert "train.py:" not in render_text(FLAT_DIAGNOSIS)


def test_json_and_sarif_hold_the_line_of_each_cause() -> None:
    causes = diagnosis_to_dict(placed())["causes"]
    assert causes[0]["at"] == {"file": "/w/train.py", "line": 41, "text": "model.fit(X, y)"}
    assert causes[2]["at"] is None
    results = report([placed()], HERE)["runs"][0]["results"]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert [one["region"]["startLine"] for one in places[:2]] == [41, 31]
    assert places[0]["artifactLocation"]["uri"] == "train.py"


def test_without_a_line_of_its_own_the_recorded_call_stands() -> None:
    assert str(HERE.location(0, FLAT_DIAGNOSIS)) == "train.py:4"


def enough(name: str) -> Trial:
    return Trial(name, "treated", "", (0, 1, 2), (1.0,) * 3, (0.2,) * 3, (1.0,) * 3, sufficient=True)


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        (
            ("standardize-inputs", "step-divided-by-100"),
            "The fault is their product: standardize-inputs alone is enough, and so is step-divided-by-100 alone.",
        ),
        (
            ("standardize-inputs + step-divided-by-100",),
            "Only together are standardize-inputs and step-divided-by-100 enough.",
        ),
        (("standardize-inputs",), "Evidence and trials do not tell it apart from learning-rate-too-high (DF501)."),
    ],
)
def test_a_product_says_whether_one_of_two_is_enough_or_only_both(trials: tuple[str, ...], said: str) -> None:
    found = replace(FLAT_DIAGNOSIS, trials=tuple(enough(one) for one in trials))
    assert tie_text(found) == said


def test_a_cause_without_partners_says_nothing_of_them() -> None:
    assert tie_text(placed()) == ""
