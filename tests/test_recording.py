"""The Recording: what is written can be read back, whole or torn; nothing else gets in."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from defib import codec, recording
from defib.codec import LARGEST_ARRAY, Omitted, Unknown, decode, encode
from defib.errors import InputError
from defib.evidence import Book, Evidence
from defib.probes.activations import ActivationFacts
from defib.probes.modes import ModeFacts
from defib.recipe import LossFacts, OptimizerFacts, TrainingRecipe
from defib.recording import Recorder, Recording, load, newest
from defib.subject import Parameter, Rows, Subject, TrainingTrace
from tests.conftest import Run
from tests.reporters import samples

MODES = ModeFacts(True, False, 0.1, float("nan"), None, 0.5, "bn", float("inf"), 1.0, None)


class Model:
    """As much of a Subject as the Recorder reads."""

    name = "net"
    framework = "numpy"
    recipe = TrainingRecipe(LossFacts("mse", "squared_error", "values", (4, 1)), OptimizerFacts("sgd", 0.1, {"m": 0.9}))
    trace = TrainingTrace(np.array([1.0, 0.5]), n_updates=2, updates_to=(("w", 0.1),))
    training = Rows(np.ones((2, 3)), n_seen=500, origin="fit")
    prediction = Rows(np.ones((4, 3)))
    held_out = None

    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("w", "dense", None, np.ones((3, 2)), True, None),)


def model() -> Subject:
    return Model()  # type: ignore[return-value]


def write(directory: Path) -> Path:
    recorder = Recorder.start("train it.py", ["train it.py", "--x"], directory=directory)
    recorder.model(0, model())
    recorder.evidence(0, Book({ModeFacts: MODES}, {ActivationFacts: "rows to look at"}, {"labels": "broke"}))
    recorder.diagnosis(0, samples.FLAT_DIAGNOSIS)
    recorder.close()
    return recorder.path


@pytest.mark.parametrize("diagnosis", samples.ALL, ids=lambda d: d.outcome)
def test_a_diagnosis_comes_back_equal(diagnosis: object) -> None:
    assert decode(json.loads(json.dumps(encode(diagnosis), allow_nan=False))) == diagnosis


def test_everything_comes_back(tmp_path: Path) -> None:
    read = load(write(tmp_path))
    assert read.header["schema_version"] == recording.SCHEMA_VERSION
    assert read.header["argv"] == ("train it.py", "--x")
    assert read.diagnoses == (samples.FLAT_DIAGNOSIS,)
    assert read.models == ("net",)
    (event,) = read.of("model")
    assert event["recipe"] == Model.recipe
    assert event["parameters"] == {"w": (3, 2)}
    trace = read.of("trace")[0]["trace"]
    assert isinstance(trace, TrainingTrace)
    np.testing.assert_array_equal(trace.loss_per_update, [1.0, 0.5])
    assert (trace.n_updates, trace.updates_to) == (2, (("w", 0.1),))
    evidence = [event.get("evidence") for event in read.of("evidence")]
    assert repr(evidence[0]) == repr(MODES)  # repr: nan is not equal to itself
    assert read.of("evidence")[1]["missing"] == "rows to look at"
    assert read.of("evidence")[2]["failed"] == "broke"
    assert [event["trial"] for event in read.of("trial")] == list(samples.FLAT_DIAGNOSIS.trials)


def test_arrays_keep_type_and_special_values() -> None:
    array = np.array([[1.5, np.nan], [-np.inf, 0.0]], dtype=np.float32)
    back = decode(json.loads(json.dumps(encode(array), allow_nan=False)))
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert decode(encode(np.arange(3))).dtype == np.arange(3).dtype
    assert encode(np.float32(0.5)) == 0.5
    assert encode(np.int64(3)) == 3
    assert encode(np.bool_(True)) is True
    assert decode(encode(np.zeros(LARGEST_ARRAY + 1))) == Omitted((LARGEST_ARRAY + 1,), "float64")


@dataclass(frozen=True)
class LaterEvidence(Evidence):
    """A class that only a later version has."""

    number: float


def test_what_this_version_does_not_know_is_kept() -> None:
    assert decode(encode(LaterEvidence(2.0))) == Unknown("LaterEvidence", {"number": 2.0})
    more = {**encode(samples.CONTROL), "added_later": 1}
    assert decode(more) == samples.CONTROL
    less = {key: value for key, value in encode(samples.CONTROL).items() if key != "seeds"}
    assert isinstance(decode(less), Unknown)


def test_every_evidence_class_can_be_read_back() -> None:
    known = codec._classes()
    subclasses = {kind.__name__ for kind in Evidence.__subclasses__() if kind.__module__.startswith("defib.")}
    assert "ActivationFacts" in subclasses
    assert subclasses <= set(known)


@pytest.mark.parametrize("lost", [1, 20, 200])
def test_a_torn_last_line_is_ignored(tmp_path: Path, lost: int) -> None:
    path = write(tmp_path)
    whole = load(path)
    path.write_bytes(path.read_bytes()[:-lost])
    torn = load(path)
    assert repr(torn.events) == repr(whole.events[: len(torn.events)])
    assert len(torn.events) == len(whole.events) - (lost > 1)


KILLED = """
import os, signal
from defib.recording import Recorder
from tests.reporters import samples
recorder = Recorder.start("train.py", ["train.py"])
recorder.diagnosis(0, samples.HEALTHY)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_readable_after_a_kill(tmp_path: Path, python: Run) -> None:
    root = Path(__file__).resolve().parents[1]
    ended = python("-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{KILLED}")
    assert ended.returncode == -signal.SIGKILL
    assert load(newest(tmp_path)).diagnoses == (samples.HEALTHY,)


def test_size_is_bounded_and_diagnoses_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LARGEST_FILE", 3000)
    recorder = Recorder.start("train.py", [], directory=tmp_path)
    for index in range(100):
        recorder.write("evidence", index=index, evidence=MODES)
    recorder.diagnosis(0, samples.HEALTHY)
    recorder.close()
    read = load(recorder.path)
    assert 0 < len(read.of("evidence")) < 100
    assert "left out" in read.of("note")[0]["text"]
    assert read.diagnoses == (samples.HEALTHY,)


def test_a_disk_that_fails_ends_the_recording_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / ".defib").write_text("a file stands where the folder should be")
    recorder = Recorder.start("train.py", [], directory=tmp_path)
    recorder.write("note", text="x")
    recorder.close()
    assert recorder.error is not None
    assert "nothing is recorded" in recorder.error


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    Recorder.start("train.py", [], directory=tmp_path).discard()
    assert list(tmp_path.iterdir()) == []


def test_discard_keeps_other_recordings(tmp_path: Path) -> None:
    kept = write(tmp_path)
    Recorder.start("other.py", [], directory=tmp_path).discard()
    assert load(kept).models == ("net",)


def test_the_newest_is_the_one_written_last(tmp_path: Path) -> None:
    first, second = tmp_path / ".defib" / "b.jsonl", tmp_path / ".defib" / "a.jsonl"
    first.parent.mkdir()
    for age, path in ((2, first), (1, second)):
        path.write_text("")
        os.utime(path, (1e9 - age, 1e9 - age))
    assert newest(tmp_path) == second


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        (None, "no-such-file"),
        ("", "not-a-recording"),
        ("hello", "not-a-recording"),
        ('{"event": "model"}\n', "not-a-recording"),
        ("[1, 2]\n", "not-a-recording"),
        ('{"event": "header", "schema_version": 99}\n', "recording-too-new"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, text: str | None, slug: str) -> None:
    path = tmp_path / "x.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.slug == slug


def test_no_recording_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        newest(tmp_path)
    assert caught.value.slug == "no-recording"


def test_events_are_told_apart() -> None:
    read = Recording(Path("x"), {}, ({"event": "note", "text": "a"}, {"event": "model", "name": "m"}))
    assert [event["text"] for event in read.of("note")] == ["a"]


def test_a_diagnosis_that_is_read_back_can_be_drawn(tmp_path: Path) -> None:
    (diagnosis,) = load(write(tmp_path)).diagnoses
    assert diagnosis == samples.FLAT_DIAGNOSIS
    assert diagnosis.measured.trace.n_updates == 2
    assert set(diagnosis.measured.evidence) == {"ModeFacts"}
    assert "training loss, first 1, last 0.5" in diagnosis.plot("loss").to_json()
