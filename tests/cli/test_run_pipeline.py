"""What ``defib run`` does with the models of a program: one after the other, recorded, whatever breaks.

The diagnosis itself is replaced by a table; nothing here trains.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from defib.capture.script import ScriptOutcome
from defib.cli.delivery import Streams
from defib.cli.run import FAILED, INTERRUPTED, Request, _diagnose_all
from defib.diagnosis import Diagnosis
from defib.evidence import Book
from defib.findings import Finding, findings_of
from defib.recipe import TrainingRecipe
from defib.recording import Recorder, load, newest
from defib.reporters.terminal import render_text
from defib.subject import Subject, TrainingTrace
from tests.reporters import samples

Answer = Callable[[], Diagnosis]


def subject(answer: Answer) -> Subject:
    """A model whose diagnosis is known."""
    named = SimpleNamespace(
        name="net", framework="numpy", recipe=TrainingRecipe(), trace=TrainingTrace(), parameters=tuple, answer=answer,
        training=None, prediction=None, held_out=None,
    )  # fmt: skip
    return named  # type: ignore[return-value]


def outcome(*answers: Answer, code: int = 0, notes: tuple[str, ...] = ()) -> ScriptOutcome:
    subjects = tuple(subject(answer) for answer in answers)
    return ScriptOutcome(code, None, None, False, 1.0, subjects, ("torch",), notes, ModuleType("main"))


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """Replaces the pipeline; collects the options it was called with."""
    seen: list[SimpleNamespace] = []

    def examine(given: SimpleNamespace, options: SimpleNamespace, progress: object) -> tuple[Diagnosis, Book]:
        seen.append(options)
        return given.answer(), Book()

    fake = ModuleType("defib.diagnose")
    vars(fake).update(examine=examine, Options=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "defib.diagnose", fake)
    return seen


def request(**changes: object) -> Request:
    given: dict[str, object] = {
        "script": "train.py",
        "args": (),
        "as_module": False,
        "reports": (),
        "budget": None,
        "trials": True,
        "seed": 0,
        "quiet": False,
    }
    return Request(**{**given, **changes})  # type: ignore[arg-type]


def run(given: Request, ended: ScriptOutcome, folder: Path) -> tuple[int, str, str]:
    """Exit code, what was printed, what was told on stderr."""
    out, err = io.StringIO(), io.StringIO()
    recorder = Recorder.start("train.py", ["train.py"], directory=folder)
    code = _diagnose_all(given, ended, recorder, Streams(out, err, folder))
    return code, out.getvalue(), err.getvalue()


def flat() -> Diagnosis:
    return samples.FLAT_DIAGNOSIS


def healthy() -> Diagnosis:
    return samples.HEALTHY


def broken() -> Diagnosis:
    raise ZeroDivisionError("a fault of ours")


def interrupted() -> Diagnosis:
    raise KeyboardInterrupt


def test_two_models_are_printed_recorded_and_reported(tmp_path: Path, options: list[SimpleNamespace]) -> None:
    given = request(reports=(tmp_path / "x.json", tmp_path / "y.json"), budget=3.0, seed=5, trials=False)
    code, out, err = run(given, outcome(flat, healthy), tmp_path)
    assert (code, err) == (0, "")
    assert out.index("(DF101), in dense") < out.index("Nothing to repair")
    assert "defib run --fail-on flat train.py" in out  # the program's own name
    assert out.endswith("defib report prints it again.\n")
    assert f"Recorded in {newest(tmp_path).relative_to(tmp_path)}" in out
    read = load(newest(tmp_path))
    assert [one.outcome for one in read.diagnoses] == ["cause_found", "healthy"]
    assert render_text(read.diagnoses[0]) == render_text(replace(samples.FLAT_DIAGNOSIS, model="net #1"))
    for name in ("x.json", "y.json"):
        report = json.loads((tmp_path / name).read_text())
        assert [one["outcome"] for one in report["diagnoses"]] == ["cause_found", "healthy"]
    assert [(one.budget, one.trials, one.seed) for one in options] == [(3.0, False, 5)] * 2


@pytest.mark.parametrize(
    ("answers", "script_code", "fails", "expected"),
    [
        ((flat,), 0, False, 0),
        ((flat,), 0, True, 1),
        ((healthy, flat), 0, True, 1),
        ((healthy,), 0, True, 0),
        ((flat,), 3, True, 3),
        ((flat,), 3, False, 3),
        ((broken,), 0, False, FAILED),
        ((broken, healthy), 4, True, 4),
        ((broken, flat), 0, True, FAILED),
        ((interrupted, flat), 0, True, INTERRUPTED),
    ],
)
@pytest.mark.usefixtures("options")
def test_exit_codes(answers: tuple[Answer, ...], script_code: int, fails: bool, expected: int, tmp_path: Path) -> None:
    given = request(fail_on=("flat",) if fails else ())
    assert run(given, outcome(*answers, code=script_code), tmp_path)[0] == expected


@pytest.mark.usefixtures("options")
def test_a_fault_of_ours_ends_one_diagnosis_only(tmp_path: Path) -> None:
    _, out, err = run(request(), outcome(broken, healthy), tmp_path)
    assert "the diagnosis of net broke inside: ZeroDivisionError: a fault of ours" in err
    assert "[internal-error]" in err
    assert "Nothing to repair" in out
    assert "ZeroDivisionError" in load(newest(tmp_path)).of("note")[0]["text"]


@pytest.mark.usefixtures("options")
def test_interrupted_keeps_what_is_done(tmp_path: Path) -> None:
    given = request(reports=(tmp_path / "x.json",))
    _, out, err = run(given, outcome(flat, interrupted, healthy), tmp_path)
    assert "1 of 3 models were diagnosed" in err
    assert "Nothing to repair" not in out
    assert len(json.loads((tmp_path / "x.json").read_text())["diagnoses"]) == 1
    assert len(load(newest(tmp_path)).diagnoses) == 1


@pytest.mark.usefixtures("options")
def test_models_that_share_a_name_are_numbered(tmp_path: Path) -> None:
    _, out, err = run(request(), outcome(flat, healthy, healthy, healthy), tmp_path)
    assert [one.model for one in load(newest(tmp_path)).diagnoses] == ["net #1", "net #2", "net #3", "net #4"]
    assert "net #4 (keras)" in out
    assert "4 models were trained" in err


@pytest.mark.usefixtures("options")
def test_files_beside_the_script_do_not_shadow_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def importing() -> Diagnosis:
        import sched  # a module of the standard library that nothing else here loads

        return samples.HEALTHY if "tmp" not in str(sched.__file__) else broken()

    (tmp_path / "sched.py").write_text("raise RuntimeError('a file of the user')")
    monkeypatch.delitem(sys.modules, "sched", raising=False)
    assert run(request(), outcome(importing), tmp_path)[0] == 0
    assert sys.path[0] == str(tmp_path)


@pytest.mark.usefixtures("options")
def test_quiet_prints_nothing_and_still_records(tmp_path: Path) -> None:
    code, out, err = run(request(quiet=True), outcome(flat), tmp_path)
    assert (code, out, err) == (0, "", "")
    assert len(load(newest(tmp_path)).diagnoses) == 1


@pytest.mark.usefixtures("options")
def test_what_broke_while_watching_is_told(tmp_path: Path) -> None:
    _, _, err = run(request(), outcome(healthy, notes=("watching torch failed: X",)), tmp_path)
    assert "watching torch failed: X" in err
    assert load(newest(tmp_path)).of("note")[0]["text"] == "watching torch failed: X"


@pytest.mark.usefixtures("options")
def test_what_the_program_turned_into_errors_is_not_meant_for_us(tmp_path: Path) -> None:
    def noisy() -> Diagnosis:
        warnings.warn("a warning", UserWarning, stacklevel=1)
        np.log(np.zeros(2))
        return samples.HEALTHY

    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        code, _, err = run(request(), outcome(noisy), tmp_path)
        with pytest.raises(FloatingPointError):
            np.log(np.zeros(2))
    assert (code, err) == (0, "")


@pytest.mark.usefixtures("options")
def test_a_disk_that_fails_does_not_stop_the_report(tmp_path: Path) -> None:
    (tmp_path / ".defib").write_text("")
    code, out, err = run(request(), outcome(flat), tmp_path)
    assert code == 0
    assert "unscaled-inputs (DF101)" in out
    assert "nothing is recorded" in err


KNOWN = findings_of(replace(samples.FLAT_DIAGNOSIS, model="net"))


@pytest.mark.parametrize(
    ("fail_on", "accepted", "expected"),
    [
        (("one-class",), frozenset(), 0),
        (("nan", "any"), frozenset(), 1),
        (("any",), KNOWN, 0),
        (("any", "flat"), frozenset(one for one in KNOWN if one.kind == "any"), 1),
        (("flat",), frozenset(replace(one, cause="DF401") for one in KNOWN), 1),
    ],
)
@pytest.mark.usefixtures("options")
def test_what_fails_and_what_was_known(
    fail_on: tuple[str, ...], accepted: frozenset[Finding], expected: int, tmp_path: Path
) -> None:
    code, _, err = run(request(fail_on=fail_on, accepted=accepted), outcome(flat), tmp_path)
    assert code == expected
    assert ("net fails --fail-on" in err) == bool(expected)
    assert ("what was found about net is in the baseline" in err) == (accepted == KNOWN)


@pytest.mark.usefixtures("options")
def test_annotations_in_a_github_workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, out, _ = run(request(quiet=True), outcome(flat, healthy), tmp_path)
    (line,) = out.splitlines()
    assert line.startswith(
        "::error file=train.py,line=1,title=defib%3A net #1%3A unscaled-inputs (DF101)::The prediction"
    )
    _, out, _ = run(request(quiet=True, accepted=KNOWN), outcome(flat), tmp_path)
    assert out.startswith("::notice ")


@pytest.mark.usefixtures("options")
def test_a_report_that_cannot_be_written_does_not_end_the_others(tmp_path: Path) -> None:
    (tmp_path / "x.md").mkdir()
    given = request(reports=(tmp_path / "x.md", tmp_path / "y.md"), fail_on=("flat",))
    code, out, err = run(given, outcome(flat), tmp_path)
    assert code == FAILED
    assert f"the report {tmp_path / 'x.md'} was not written: IsADirectoryError" in err
    assert (tmp_path / "y.md").read_text().startswith("## defib")
    assert "Recorded in" in out


@pytest.mark.usefixtures("options")
def test_reports_without_a_recording(tmp_path: Path) -> None:
    (tmp_path / ".defib").write_text("a file where the folder should be")
    run(request(reports=(tmp_path / "x.sarif",)), outcome(flat), tmp_path)
    (result,) = json.loads((tmp_path / "x.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "train.py"
