"""``defib report``: a Recording printed again, without a framework."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from defib.recording import Recorder
from defib.reporters.terminal import render_text
from tests.conftest import Run, run_python
from tests.reporters import samples


def record(folder: Path, *diagnoses: object) -> Path:
    recorder = Recorder.start("train.py", ["train.py", "--x"], directory=folder)
    for index, diagnosis in enumerate(diagnoses):
        recorder.diagnosis(index, diagnosis)  # type: ignore[arg-type]
    recorder.close()
    return recorder.path


def test_the_newest_and_by_name(tmp_path: Path, defib: Run) -> None:
    path = record(tmp_path, samples.FLAT_DIAGNOSIS, samples.HEALTHY)
    expected = render_text(samples.FLAT_DIAGNOSIS, 100) + render_text(samples.HEALTHY, 100)
    assert defib("report").stdout == expected
    assert defib("report", path).stdout == expected


def test_as_json(tmp_path: Path, defib: Run) -> None:
    record(tmp_path, samples.FLAT_DIAGNOSIS)
    assert defib("report", "--report", "x.json").returncode == 0
    assert json.loads((tmp_path / "x.json").read_text())["diagnoses"] == [samples.FLAT_DIAGNOSIS.to_dict()]


def test_nothing_there(tmp_path: Path, defib: Run) -> None:
    for arguments, slug in ((["report"], "no-recording"), (["report", "x.jsonl"], "no-such-file")):
        ended = defib(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert f"[{slug}]" in ended.stderr


def test_a_run_that_never_got_to_a_diagnosis(tmp_path: Path, defib: Run) -> None:
    record(tmp_path)
    ended = defib("report")
    assert ended.returncode == 2
    assert "[no-diagnosis]" in ended.stderr
    assert "defib run train.py --x" in ended.stderr


WITHOUT_FRAMEWORKS = """
import sys
for name in ("torch", "keras", "tensorflow", "tf_keras", "sklearn"):
    sys.modules[name] = None
sys.argv = ["defib", "report"]
from defib.cli import main
main()
"""


def test_no_framework_is_needed(tmp_path: Path) -> None:
    record(tmp_path, samples.FLAT_DIAGNOSIS)
    ended = run_python("-c", WITHOUT_FRAMEWORKS, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "unscaled-inputs" in ended.stdout
    assert sys.executable
