"""Each cause proves itself: its broken program names it first, its healthy twin names nothing.

Runs the PyTorch scenarios through capture and diagnosis without trials (mechanisms alone). The Keras twins, more seeds
and the trials run in ``python -m benchmarks.scenarios``. A scenario that is not named right yet stands in
`NOT_YET` with the reason; one that stands there and is right is an error, so that the list cleans itself.
"""

from __future__ import annotations

import warnings
from functools import cache

import pytest

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.diagnosis import Diagnosis
from tests.scenarios import CAUSES, load

NOT_YET: dict[str, str] = {}


@cache
def diagnosis_of(name: str, kind: str) -> Diagnosis:
    module = load(name)
    with warnings.catch_warnings(), watch() as watched:
        warnings.simplefilter("ignore")
        getattr(module, f"{kind}_torch")(0)
    subjects = watched.subjects()
    assert subjects, "no model was captured"
    return diagnose_subject(subjects[-1], trials=False)


@pytest.mark.parametrize("name", CAUSES)
def test_the_broken_program_names_its_cause_first(name: str) -> None:
    diagnosis = diagnosis_of(name, "broken")
    right = bool(diagnosis.causes) and diagnosis.causes[0].code in load(name).ACCEPTABLE
    assert right != (name in NOT_YET), diagnosis.headline


@pytest.mark.parametrize("name", CAUSES)
def test_the_healthy_twin_is_not_accused_of_it(name: str) -> None:
    diagnosis = diagnosis_of(name, "healthy")
    assert load(name).CAUSE not in {one.code for one in diagnosis.causes}
    assert diagnosis.outcome != "cause_found", diagnosis.headline
