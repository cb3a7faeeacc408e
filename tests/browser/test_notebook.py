"""A Diagnosis in a real notebook: executed by a kernel, converted by nbconvert, opened without a network."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbconvert
import pytest

from defib.reporters import offline
from tests.browser.conftest import Open

SHARED = Path(nbconvert.__file__).parents[4] / "share" / "jupyter"
"""Where pip puts the templates of nbconvert, whichever environment runs it."""
VEGA_PACKED = base64.b64encode((offline.VEGA / "bundle.js.gz").read_bytes()).decode()
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
    'diagnosis.plot("inputs").properties(title="mine")',
    'import altair; altair.renderers.enable("svg"); diagnosis.plot("predictions")',
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
    for arguments in (
        ["--to", "notebook", "--execute", "--inplace"],
        ["--to", "html", "--template", "basic"],
        ["--to", "html", "--output", "lab"],  # with the style of JupyterLab
    ):
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


def test_a_chart_is_drawn_without_a_network(executed: Path, open_page: Open) -> None:
    """Also one that was changed; the drawing that stood there before is an image in the cell itself."""
    for cell in (2, 3):
        html = output(executed, cell)["text/html"]
        assert 'alt="' in html
        assert "<img alt=" in html
        assert "//cdn" not in html.replace(VEGA_PACKED, "")
    shown = open_page(executed.with_suffix(".html").read_text(), offline=True)
    shown.page.wait_for_function("document.querySelectorAll('[data-drawn=yes]').length === 2", timeout=30_000)
    assert shown.run("document.querySelectorAll('[data-drawn] svg .mark-rect path').length") >= 1
    assert "share of class 1 in the labels" in shown.run("document.querySelector('[data-drawn] svg').textContent")
    assert shown.run("[...document.querySelectorAll('[data-drawn] svg')].at(-1).textContent").count("mine") == 1
    assert shown.complaints == []
    assert [one for one in shown.requests if one.partition(":")[0] not in ("file", "data", "blob")] == []
    shown.page.locator("[data-drawn] .mark-rect path").first.hover(force=True)
    shown.page.locator("#vg-tooltip-element.visible").wait_for(timeout=5_000)


def test_where_no_script_runs_the_drawing_stays(executed: Path, open_page: Open) -> None:
    shown = open_page(executed.with_suffix(".html").read_text(), scripts=False, offline=True)
    widths = "[...document.querySelectorAll('[id^=defib-] > img[alt]')].map((one) => one.naturalWidth)"
    assert [width > 500 for width in shown.run(widths)] == [True, True]


def test_a_renderer_that_the_user_chose_is_kept(executed: Path) -> None:
    assert "text/html" not in output(executed, 4)
    assert "image/svg+xml" in output(executed, 4)


def test_the_style_of_the_notebook_does_not_reach_into_it(executed: Path, open_page: Open) -> None:
    """JupyterLab sets numbers and names to the right, cuts lists of terms to a tenth and makes all columns as wide."""
    shown = open_page(executed.with_name("lab.html").read_text(), scripts=False)
    assert shown.run("getComputedStyle(document.body).getPropertyValue('--jp-ui-font-size1')")  # its style is there

    def style(selector: str, name: str) -> str:
        return str(shown.run(f"getComputedStyle(document.querySelector('.defib {selector}')).{name}"))

    assert style("table", "tableLayout") == "auto"
    assert style("tbody th", "textAlign") == "left"
    assert style("h3", "fontWeight") == "700"
    assert style("dt", "fontWeight") == "400"
    assert style("dt", "float") == "none"
    narrow = (
        "[...document.querySelectorAll('.defib dt')].filter((one) => one.getBoundingClientRect().height > 60).length"
    )
    assert shown.run(narrow) == 0


def test_nbconvert_keeps_it_whole(executed: Path) -> None:
    page = executed.with_suffix(".html").read_text()
    assert page.count('<div class="defib">') == 1
    assert len(re.findall(r'<svg [^>]*class="curve"', page)) == 1
