"""A Diagnosis in a real notebook: executed by a kernel, converted by nbconvert."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbconvert
import pytest

SHARED = Path(nbconvert.__file__).parents[4] / "share" / "jupyter"
"""Where pip puts the templates of nbconvert, whichever environment runs it."""
CELLS = (
    """
import warnings
import numpy as np
from sklearn.neural_network import MLPClassifier
import defib

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 5))
y = (X[:, 0] > 0).astype(int)
model = MLPClassifier((8,), activation="logistic", solver="sgd", learning_rate_init=1e-7, max_iter=3)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    model.fit(X, y)
diagnosis = defib.diagnose(model, X, y, trials=False)
""",
    "diagnosis",
    'diagnosis.plot("predictions")',
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook after its run, beside its HTML."""
    folder = tmp_path_factory.mktemp("notebook")
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for at, text in enumerate(CELLS)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "x.ipynb"
    path.write_text(json.dumps(notebook))
    for arguments in (["--to", "notebook", "--execute", "--inplace"], ["--to", "html", "--template", "basic"]):
        done = subprocess.run(
            [sys.executable, "-m", "nbconvert", *arguments, str(path)],
            capture_output=True,
            text=True,
            env={**os.environ, "JUPYTER_PATH": str(SHARED)},
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return path


def output(path: Path, cell: int) -> dict[str, str]:
    """What a cell shows, by type of content."""
    (shown,) = json.loads(path.read_text())["cells"][cell]["outputs"]
    return {kind: "".join(text) if isinstance(text, list) else text for kind, text in shown["data"].items()}


def test_a_cell_shows_the_diagnosis(executed: Path) -> None:
    shown = output(executed, 1)
    assert shown["text/plain"].startswith("MLPClassifier (sklearn) ──")  # and nothing is printed beside it
    html = shown["text/html"]
    assert "<script" not in html
    for words in ("Predictions", "The loss", "The inputs, as they arrive at the network", '<svg class="curve"'):
        assert words in html
    assert len(html) < 300_000


def test_a_chart_is_one_that_notebooks_draw(executed: Path) -> None:
    """Altair's own way of showing it."""
    assert "vega-lite" in output(executed, 2)["text/html"]
    assert '"description": "share of class 1 in the labels' in output(executed, 2)["text/html"]


def test_nbconvert_keeps_it_whole(executed: Path) -> None:
    page = executed.with_suffix(".html").read_text()
    assert page.count('<div class="defib">') == 1
    assert len(re.findall(r'<svg [^>]*class="curve"', page)) == 1
