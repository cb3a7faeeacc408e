"""What a Recording says around its diagnoses, and where a fault is said to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from defib.diagnosis import Diagnosis, Hypothesis, supported
from defib.evidence import Book
from defib.probes.updates import UpdateFacts
from defib.recipe import TrainingRecipe
from defib.recording import Recorder, load
from defib.reporters.background import Background, Behind, Location, background_of
from defib.subject import TrainingTrace
from tests.reporters import samples

SOURCES = {"compile": "/w/a/train.py:3", "fit": "/w/a/train.py:4", "predict": "/elsewhere/serve.py:9"}
UPDATES = UpdateFacts((), 1.0, 0.0, 0.0, 0.0, 0.1, None, False, 0)


def because_of(code: str) -> Diagnosis:
    return replace(samples.FLAT_DIAGNOSIS, causes=(Hypothesis(code, "x", supported("y", weight=0.5)),))


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        (because_of("DF301"), Location("a/train.py", 3)),
        (because_of("DF101"), Location("a/train.py", 4)),
        (because_of("DF501"), Location("a/train.py", 3)),
        (because_of("DF802"), Location("/elsewhere/serve.py", 9)),
        (because_of("XX999"), Location("/elsewhere/serve.py", 9)),
        (samples.UNDECIDED, Location("/elsewhere/serve.py", 9)),
    ],
)
def test_the_call_that_belongs_to_the_cause(diagnosis: Diagnosis, expected: Location) -> None:
    known = Background(script="a/train.py", directory="/w", behind=(Behind(SOURCES),))
    assert known.location(0, diagnosis) == expected


def test_without_a_recorded_call_it_is_the_script() -> None:
    assert Background(script="/w/train.py", directory="/w").location(0, samples.UNDECIDED) == Location("train.py")
    assert Background().location(0, samples.UNDECIDED) is None


def test_in_a_repository_paths_start_at_its_root(tmp_path: Path) -> None:
    """A step of a workflow may run in a folder below; annotations are shown where the path leads from the root."""
    (tmp_path / ".git").mkdir()
    below = tmp_path / "sub"
    below.mkdir()
    (below / "train.py").touch()
    known = Background(
        script="train.py", directory=str(below), behind=(Behind({"fit": f"{below}/train.py:4", "predict": "<cell>:2"}),)
    )
    assert known.location(0, because_of("DF101")) == Location("sub/train.py", 4)
    assert known.location(0, samples.UNDECIDED) == Location("<cell>", 2)
    assert replace(known, behind=()).location(0, samples.UNDECIDED) == Location("sub/train.py")


def test_from_a_recording(tmp_path: Path) -> None:
    """The second model's diagnosis broke inside: what is behind each is found by its index."""
    recorder = Recorder.start("train.py", ["train.py"], directory=tmp_path)
    for index in range(3):
        recorder.write("model", index=index, recipe=TrainingRecipe(sources={"fit": f"train.py:{index}"}))
        recorder.write("trace", index=index, trace=TrainingTrace(loss_per_update=np.arange(index + 1.0)))
        recorder.evidence(index, Book({UpdateFacts: replace(UPDATES, nan_parameters=index)}, {}, {}))
    recorder.diagnosis(0, samples.FLAT_DIAGNOSIS)
    recorder.diagnosis(2, samples.HEALTHY)
    recorder.close()
    known = background_of(load(recorder.path))
    assert known.script == "train.py"
    assert [behind.sources for behind in known.behind] == [{"fit": "train.py:0"}, {"fit": "train.py:2"}]
    assert [len(behind.trace.loss_per_update) for behind in known.behind] == [1, 3]
    assert [behind.evidence["UpdateFacts"].nan_parameters for behind in known.behind] == [0, 2]
    assert known.of(7) == Behind()


def test_a_recording_that_holds_no_more_than_diagnoses(tmp_path: Path) -> None:
    recorder = Recorder.start("train.py", ["train.py"], directory=tmp_path)
    recorder.diagnosis(0, samples.FLAT_DIAGNOSIS)
    recorder.close()
    assert background_of(load(recorder.path)).behind == (Behind(),)
