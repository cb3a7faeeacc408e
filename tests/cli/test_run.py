"""``defib run`` as a command: programs that train, that train nothing, that fail; nothing of theirs is changed."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import jsonschema
import pytest

from defib.recording import load, newest
from tests.conftest import Run

TORCH = """
    import sys
    import torch
    from torch import nn

    torch.manual_seed(0)
    X = torch.rand(120, 4)
    y = (X[:, :1] > 0.5).float()
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters())
    loss_function = nn.BCELoss()
    for epoch in range(5):
        for i in range(0, 120, 30):
            optimizer.zero_grad()
            loss_function(model(X[i : i + 30]), y[i : i + 30]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        print("predictions", model(torch.rand(40, 4)).flatten()[:3].tolist(), sys.argv[1:])
    """
KERAS = """
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    X = np.random.default_rng(0).random((120, 4)).astype("float32")
    y = (X[:, 0] > 0.5).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"),
                              keras.layers.Dense(1, activation="softmax")])
    model.compile("adam", "binary_crossentropy")
    model.fit(X, y, epochs=5, batch_size=30, verbose=0)
    print("predictions", model.predict(X[:40], verbose=0).ravel()[:3].tolist())
    """
SCHEMA = json.loads((files("defib.reporters") / "schema.json").read_text())


def program(folder: Path, text: str, name: str = "train.py") -> None:
    (folder / name).write_text(dedent(text))


@pytest.mark.parametrize("text", [TORCH, KERAS], ids=["torch", "keras"])
def test_the_whole_path(text: str, tmp_path: Path, defib: Run) -> None:
    program(tmp_path, text)
    ended = defib("run", "--no-trials", "--report", "x.json", "--fail-on", "flat", "train.py", "--lr", "1")
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout.startswith("predictions [1.0, 1.0, 1.0]")
    assert "single-unit-softmax (DF301)" in ended.stdout
    report = json.loads((tmp_path / "x.json").read_text())
    jsonschema.validate(report, SCHEMA)
    (diagnosis,) = report["diagnoses"]
    assert diagnosis["symptom"]["equals"] == "exactly_one"
    assert diagnosis["causes"][0]["code"] == "DF301"
    assert load(newest(tmp_path)).diagnoses[0].to_dict() == diagnosis
    again = defib("report")
    assert again.stdout.strip() in ended.stdout


def test_known_findings_pass_and_every_format_is_written(tmp_path: Path, defib: Run) -> None:
    program(tmp_path, TORCH)
    names = ("base.json", "x.md", "x.xml", "x.sarif", "x.html")
    first = defib("run", "--no-trials", *(part for name in names for part in ("--report", name)), "train.py")
    assert first.returncode == 0, first.stderr
    (result,) = json.loads((tmp_path / "x.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "train.py"
    line = place["region"]["startLine"]
    assert "nn.Softmax(dim=1)" in (tmp_path / "train.py").read_text().splitlines()[line - 1]
    assert f"`train.py:{line}`" in (tmp_path / "x.md").read_text()
    assert f"<code>train.py:{line}</code>" in (tmp_path / "x.html").read_text()
    assert "The loss" in (tmp_path / "x.html").read_text()
    assert ElementTree.parse(tmp_path / "x.xml").findall(".//failure[@type='single-unit-softmax']")
    again = defib("run", "--no-trials", "--quiet", "--fail-on", "any", "--baseline", "base.json", "train.py")
    assert again.returncode == 0
    assert "is in the baseline" in again.stderr
    new = defib("run", "--no-trials", "--quiet", "--fail-on", "nan", "--fail-on", "flat", "train.py")
    assert new.returncode == 1


def test_crash_after_training_still_gets_its_diagnosis(tmp_path: Path, defib: Run) -> None:
    program(tmp_path, TORCH + "    raise ValueError('after the training')\n")
    ended = defib("run", "--no-trials", "train.py")
    assert ended.returncode == 1
    assert "single-unit-softmax" in ended.stdout
    assert ended.stderr.strip().endswith("ValueError: after the training")
    assert "defib/" not in ended.stderr
    assert load(newest(tmp_path)).of("script")[0]["error"] == "ValueError: after the training"


def test_interrupt_while_training_still_gets_its_diagnosis(tmp_path: Path, defib: Run) -> None:
    text = TORCH.replace("optimizer.step()", "optimizer.step()\n            if epoch == 3: raise KeyboardInterrupt")
    program(tmp_path, text)
    ended = defib("run", "--no-trials", "train.py")
    assert ended.returncode == 130
    assert "single-unit-softmax" in ended.stdout


@pytest.mark.parametrize(
    ("text", "code", "slug", "says"),
    [
        ("print('hello')", 2, "nothing-trained", "imported none of keras, torch, jax and sklearn.neural_network"),
        ("import torch; torch.nn.Linear(2, 1)(torch.ones(1, 2))", 2, "nothing-trained", "imported torch, but"),
        ("import sys; sys.exit(5)", 5, "nothing-trained", "trained no network"),
        (
            "import multiprocessing as m\nif __name__ == '__main__':\n"
            "    children = [m.get_context('spawn').Process(target=print) for _ in range(2)]\n"
            "    [one.start() for one in children] and [one.join() for one in children]",
            2,
            "nothing-trained",
            "it started 2 processes of its own, and defib sees only the one it runs in.\n",
        ),
        (
            "import multiprocessing as m\nif __name__ == '__main__':\n"
            "    child = m.get_context('spawn').Process(target=print)\n    child.start(), child.join()",
            2,
            "nothing-trained",
            "Write: with defib.watch() as watched: train()    # in that process",
        ),
        (
            "import torch.multiprocessing as m\nif __name__ == '__main__':\n    m.spawn(print, nprocs=2)",
            2,
            "nothing-trained",
            "Write: torchrun --nproc-per-node 2 -m defib run train.py",
        ),
        ("raise ValueError('early')", 1, "nothing-trained", "ended with ValueError: early"),
        ("raise ValueError('all\\nof it')", 1, "nothing-trained", "ended with ValueError: all.\nExpected"),
    ],
)
def test_a_program_that_trains_nothing(text: str, code: int, slug: str, says: str, tmp_path: Path, defib: Run) -> None:
    program(tmp_path, text)
    ended = defib("run", "train.py")
    assert ended.returncode == code
    assert ended.stderr.splitlines()[-1] == f"[{slug}] docs/messages.md#{slug}"
    assert says in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.py"]


def test_a_framework_that_is_not_installed(tmp_path: Path, defib: Run) -> None:
    (tmp_path / "sitecustomize.py").write_text("")
    program(tmp_path, "import sys\nsys.modules['torch'] = None\nimport torch\n")
    ended = defib("run", "train.py")
    assert ended.returncode == 2
    assert "ModuleNotFoundError" in ended.stderr
    assert "pip install 'defib[torch]'" in ended.stderr
    assert "[framework-missing]" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (["nope.py"], "no-such-script"),
        (["train.ipynb"], "not-a-program"),
        (["-m", "no.such.module"], "no-such-module"),
        (["--report", "x.docx", "train.py"], "unknown-report-format"),
        (["--report", "no/x.json", "train.py"], "no-such-directory"),
        (["--baseline", "no.json", "train.py"], "no-such-file"),
        (["--baseline", "train.py", "train.py"], "not-a-baseline"),
    ],
)
def test_what_is_refused_before_anything_runs(arguments: list[str], slug: str, tmp_path: Path, defib: Run) -> None:
    program(tmp_path, "open('ran', 'w')")
    (tmp_path / "train.ipynb").write_text("{}")
    ended = defib("run", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == f"[{slug}] docs/messages.md#{slug}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train.ipynb", "train.py"]


def test_the_program_changes_everything_around_us(tmp_path: Path, defib: Run) -> None:
    """Another directory, another stdout, warnings and floating-point signals as errors, argv emptied."""
    program(
        tmp_path,
        TORCH
        + """
    import os, io, warnings, numpy
    warnings.simplefilter("error")
    numpy.seterr(all="raise")
    os.mkdir("below")
    os.chdir("below")
    sys.argv.clear()
    sys.stdout = io.StringIO()
    torch.set_default_dtype(torch.float64)
    """,
    )
    ended = defib("run", "--no-trials", "--report", "x.json", "train.py")
    assert ended.returncode == 0, ended.stderr
    assert "single-unit-softmax" in ended.stdout
    assert (tmp_path / "x.json").is_file()
    assert newest(tmp_path).is_file()
    assert list((tmp_path / "below").iterdir()) == []


def test_quiet(tmp_path: Path, defib: Run) -> None:
    program(tmp_path, TORCH)
    ended = defib("run", "--no-trials", "--quiet", "train.py", "--quiet")
    assert ended.returncode == 0
    assert ended.stdout == "predictions [1.0, 1.0, 1.0] ['--quiet']\n"
    assert len(load(newest(tmp_path)).diagnoses) == 1
