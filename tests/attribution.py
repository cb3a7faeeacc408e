"""Each cause proves itself: its broken program names it first, its healthy twin names nothing.

Runs the scenarios through capture and diagnosis without trials (mechanisms alone), one seed. More seeds and the trials
run in ``python -m benchmarks.scenarios``.
"""

from __future__ import annotations

import warnings

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.diagnosis import Diagnosis
from tests.scenarios import load


def diagnosis_of(name: str, kind: str, framework: str) -> Diagnosis:
    """Run one program of a scenario watched and diagnose the last model that it trained."""
    module = load(name)
    with warnings.catch_warnings(), watch() as watched:
        warnings.simplefilter("ignore")
        getattr(module, f"{kind}_{framework}")(0)
        subjects = watched.subjects()
        assert subjects, "no model was captured"
        return diagnose_subject(subjects[-1], trials=False)


def assert_named_first(name: str, framework: str) -> None:
    """The broken program's cause comes first; one that only a trial names stays open without it."""
    diagnosis = diagnosis_of(name, "broken", framework)
    if getattr(load(name), "ONLY_BY_TRIAL", False):
        assert diagnosis.outcome == "undecided", diagnosis.headline
        assert load(name).CAUSE in {one.code for one in diagnosis.inconclusive}
        return
    assert diagnosis.causes, diagnosis.headline
    assert diagnosis.causes[0].code in load(name).ACCEPTABLE, diagnosis.headline


def assert_not_accused(name: str, framework: str) -> None:
    """The healthy program is called healthy, or its network is not called the fault."""
    diagnosis = diagnosis_of(name, "healthy", framework)
    assert load(name).CAUSE not in {one.code for one in diagnosis.causes}
    assert diagnosis.outcome != "cause_found", diagnosis.headline
