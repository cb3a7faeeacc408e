"""``defib diagnose``: saved models of every framework on saved rows, and every kind of bad file."""

from __future__ import annotations

import re
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from tests.conftest import Run

RNG = np.random.default_rng(0)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = RNG.normal(size=(300, 5)).astype("float32")
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    return tmp_path


def shown(defib: Run, *arguments: str | Path) -> str:
    ended = defib("diagnose", *arguments)
    assert ended.returncode == 0, ended.stderr
    return re.sub(r"\s+", " ", ended.stdout)


def test_a_healthy_network_of_scikit_learn(rows: Path, defib: Run) -> None:
    joblib.dump(MLPClassifier((16,), max_iter=400, random_state=0).fit(X, Y), rows / "m.joblib")
    assert "carry information about the row" in shown(defib, "m.joblib", "X.npy", "--labels", "y.npy", "--no-trials")


def test_rows_and_labels_in_one_csv(rows: Path, defib: Run) -> None:
    flat = MLPClassifier((16,), alpha=1e4, max_iter=400, random_state=0).fit(X, Y)
    joblib.dump(flat, rows / "m.pkl")
    table = np.column_stack([X, Y])
    np.savetxt(rows / "all.csv", table, delimiter=",", header="a,b,c,d,e,label", comments="")
    said = shown(defib, "m.pkl", "all.csv", "--labels", "label", "--no-trials", "--report", "out.json")
    assert "because of regularization-too-strong" in said
    assert (rows / "out.json").exists()
    again = defib("report")
    assert "regularization-too-strong" in again.stdout


def test_a_torch_module_and_what_its_file_does_not_tell(rows: Path, defib: Run) -> None:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1), torch.nn.Softmax(1))
    torch.save(net, rows / "net.pt")
    said = shown(defib, "net.pt", "X.npy", "--labels", "y.npy", "--no-trials")
    assert "because of single-unit-softmax" in said
    torch.save(net.state_dict(), rows / "weights.pt")
    refused = defib("diagnose", "weights.pt", "X.npy")
    assert refused.returncode == 2
    assert "[weights-without-model]" in refused.stderr


def test_a_keras_model(rows: Path, defib: Run, python: Run) -> None:
    made = python(
        "-c",
        "import keras; m = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, 'relu'),"
        "keras.layers.Dense(1, 'softmax')]); m.compile('adam', 'binary_crossentropy'); m.save('m.keras')",
    )
    assert made.returncode == 0, made.stderr
    said = shown(defib, "m.keras", "X.npy", "--labels", "y.npy", "--no-trials")
    assert "because of single-unit-softmax" in said


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("m.onnx", "X.npy"), "unknown-model-format"),
        (("gone.joblib", "X.npy"), "no-such-file"),
        (("torn.joblib", "X.npy"), "unreadable-model"),
        (("torn.joblib", "X.npy", "--labels", "few.npy"), "unequal-lengths"),
        (("torn.joblib", "text.csv"), "text-column"),
    ],
)
def test_bad_files(rows: Path, defib: Run, arguments: tuple[str, ...], slug: str) -> None:
    (rows / "torn.joblib").write_bytes(b"no pickle")
    (rows / "text.csv").write_text("a,b\n1,x\n2,y\n")
    np.save(rows / "few.npy", Y[:7])
    ended = defib("diagnose", *arguments)
    assert ended.returncode == 2
    assert f"[{slug}]" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(rows.glob(".defib/*.jsonl"))


def test_a_gate_and_what_is_known(rows: Path, defib: Run) -> None:
    """A saved model, and a recording afterwards, fail a job; not when a baseline holds the same finding."""
    joblib.dump(MLPClassifier((16,), alpha=1e4, max_iter=400, random_state=0).fit(X, Y), rows / "m.joblib")
    asked = ("diagnose", "m.joblib", "X.npy", "--labels", "y.npy", "--no-trials", "--quiet", "--ascii")
    first = defib(*asked, "--fail-on", "flat", "--report", "known.json")
    assert (first.returncode, first.stdout) == (1, "")
    assert "fails --fail-on flat" in first.stderr
    again = defib(*asked, "--fail-on", "any", "--baseline", "known.json", "--report", "j.xml")
    assert again.returncode == 0
    assert "is in the baseline" in again.stderr
    assert '<skipped message="in the baseline: ' in (rows / "j.xml").read_text()
    later = defib("report", "--quiet", "--fail-on", "nan", "--fail-on", "flat")
    assert (later.returncode, later.stdout) == (1, "")
    assert defib("report", "--quiet", "--fail-on", "flat", "--baseline", "known.json").returncode == 0
    assert defib("report", "--quiet").returncode == 0
