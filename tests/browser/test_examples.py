"""Every format from every example's Recording, each opened by who reads it: one test per cell of that table.

``pytest -v tests/browser/test_examples.py`` shows the table. ``make docs`` runs the examples and leaves their
Recordings in ``tests/recordings/``.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any
from xml.etree import ElementTree

import altair
import anyio
import jsonschema
import nbconvert
import pytest
from markdown_it import MarkdownIt
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from PIL import Image

import defib.reporters
from defib.findings import failing, severity
from defib.recording import Recording, load
from defib.reporters import github, write_report
from defib.reporters.background import background_of
from defib.reporters.figures import FIGURES, figures
from defib.reporters.layout import as_ascii
from defib.reporters.terminal import render_text
from tests.browser.conftest import Open
from tests.reporters import junit_shape
from tests.reporters.sarif_schema import validate

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in RECORDINGS.glob("*.jsonl.gz"))
ALWAYS_DRAWN = {"predictions", "layers", "loss", "inputs", "gradients"}
SVG = "{http://www.w3.org/2000/svg}"
TEMPLATES = Path(nbconvert.__file__).parents[4] / "share" / "jupyter"

pytestmark = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example's Recording, unpacked."""
    there = tmp_path_factory.mktemp("examples")
    for name in NAMES:
        (there / f"{name}.jsonl").write_bytes(gzip.decompress((RECORDINGS / f"{name}.jsonl.gz").read_bytes()))
    return there


@cache
def loaded(path: Path) -> Recording:
    return load(path)


@pytest.fixture
def recording(folder: Path, name: str) -> Recording:
    return loaded(folder / f"{name}.jsonl")


@pytest.fixture
def written(recording: Recording, tmp_path: Path) -> Callable[[str], bytes]:
    """The report with this ending, as it lies on the disk."""
    background = background_of(recording)
    return lambda ending: write_report(recording.diagnoses, tmp_path / f"x{ending}", background).read_bytes()


def test_is_an_example(name: str) -> None:
    assert {path.stem for path in EXAMPLES.glob("0*.py")} == set(NAMES)
    assert name in NAMES


def test_html_in_chromium(name: str, written: Callable[[str], bytes], open_page: Open) -> None:
    """Drawn without a complaint, nothing sticks out, and small."""
    text = written(".html").decode()
    assert len(text.encode()) < 1_500_000
    shown = open_page(text)
    kinds = shown.run("[...document.querySelectorAll('[data-figure]')].map((one) => one.dataset.figure.slice(8))")
    assert ALWAYS_DRAWN <= set(kinds) <= set(FIGURES)
    assert shown.run("[...document.querySelectorAll('[data-figure]')].every((one) => one.dataset.drawn === 'yes')")
    assert shown.complaints == []
    assert f"{name}.py" in shown.page.title()
    assert shown.run("document.documentElement.scrollWidth") <= 1000


def test_terminal(recording: Recording, name: str) -> None:
    for diagnosis in recording.diagnoses:
        for width in (40, 80, 120):
            text = render_text(diagnosis, width)
            assert diagnosis.model in text
            prose = [line for line in text.splitlines() if not line.startswith("    ")]  # code is not broken
            assert max(map(len, prose)) <= width
            assert "?" not in as_ascii(text).replace("?", "", text.count("?"))  # every sign has another in its place


def test_json_by_its_schema(recording: Recording, written: Callable[[str], bytes], name: str) -> None:
    report = json.loads(written(".json"))
    schema = json.loads((Path(defib.reporters.__file__).parent / "schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    assert [one["headline"] for one in report["diagnoses"]] == [one.headline for one in recording.diagnoses]


def test_sarif_by_the_official_schema(written: Callable[[str], bytes], name: str) -> None:
    """The result stands at a line that is in the example."""
    log = json.loads(written(".sarif"))
    validate(log)
    lines = (EXAMPLES / f"{name}.py").read_text().splitlines()
    for result in log["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == f"examples/{name}.py"
        assert lines[place["region"]["startLine"] - 1].strip()


def test_junit_by_the_shape_that_ci_servers_take(
    recording: Recording, written: Callable[[str], bytes], name: str
) -> None:
    suite = junit_shape.read(written(".xml"))
    assert [case.get("name") for case in suite] == [one.model for one in recording.diagnoses]
    fails = [severity(one) in ("error", "warning") for one in recording.diagnoses]
    assert [case.find("failure") is not None for case in suite] == fails


def test_markdown_by_a_commonmark_parser(recording: Recording, written: Callable[[str], bytes], name: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(written(".md").decode())
    for diagnosis in recording.diagnoses:
        assert f"<code>{diagnosis.model}</code>" in html
    assert "<h3>" in html


def test_annotations_as_github_reads_them(recording: Recording, name: str) -> None:
    text = github.render(recording.diagnoses, background_of(recording))
    command = re.compile(r"::(error|warning|notice) file=examples/([^,]+),line=(\d+),title=([^:]+)::(.+)")
    found = [command.fullmatch(line) for line in text.splitlines()]
    assert [one is not None and one[2] for one in found] == [f"{name}.py"] * len(recording.diagnoses)


def test_svg_in_chromium(written: Callable[[str], bytes], open_page: Open, name: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.svg"
    path.write_bytes(written(".svg"))
    assert any(one.tag == f"{SVG}text" for one in ElementTree.fromstring(path.read_bytes()).iter())
    shown = open_page("<!DOCTYPE html><title>x</title>")
    shown.page.goto(path.as_uri())
    assert shown.run("document.querySelectorAll('text').length") > 20
    assert shown.run("document.documentElement.getBoundingClientRect().width") > 600
    assert shown.complaints == []


def test_png_by_pillow(written: Callable[[str], bytes], name: str) -> None:
    with Image.open(io.BytesIO(written(".png"))) as picture:
        picture.load()
        assert picture.width > 900
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 20  # something is drawn


def test_pdf_is_whole(written: Callable[[str], bytes], name: str) -> None:
    paper = written(".pdf")
    assert paper.startswith(b"%PDF-1.")
    assert paper.rstrip().endswith(b"%%EOF")
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") == 1 or b"/Count 1" in paper


def test_plots_by_altair(recording: Recording, name: str) -> None:
    for diagnosis, behind in zip(recording.diagnoses, background_of(recording).behind, strict=True):
        for figure in figures(diagnosis, behind).values():
            altair.Chart.from_dict({**json.loads(json.dumps(figure.spec)), "width": 600}, validate=True)


@pytest.fixture(scope="module")
def notebook(folder: Path) -> Mapping[str, str]:
    """What each example's Diagnosis shows in a cell of a notebook that a kernel ran and nbconvert turned into HTML."""
    sources = ["from defib.recording import load", *(f"load('{name}.jsonl').diagnoses[0]" for name in NAMES)]
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for at, text in enumerate(sources)
    ]
    path = folder / "x.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    for arguments in (["--to", "notebook", "--execute", "--inplace"], ["--to", "html", "--template", "basic"]):
        command = [sys.executable, "-m", "nbconvert", *arguments, path.name]
        environment = {**os.environ, "JUPYTER_PATH": str(TEMPLATES)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    outputs = [cell["outputs"][0]["data"] for cell in json.loads(path.read_text())["cells"][1:]]
    page = path.with_suffix(".html").read_text()
    shown = {name: "".join(one["text/html"]) for name, one in zip(NAMES, outputs, strict=True)}
    assert page.count('<div class="defib">') == len(NAMES)
    return shown


def test_notebook_by_nbconvert(notebook: Mapping[str, str], recording: Recording, name: str) -> None:
    assert "<script" not in notebook[name]
    assert recording.diagnoses[0].model in notebook[name]
    assert "Predictions" in notebook[name]


@pytest.fixture(scope="module")
def answers(folder: Path) -> Mapping[str, Any]:
    """What the tool ``report`` of ``defib mcp`` answers a real client about each example."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "defib", "mcp"], cwd=str(folder))

    async def asked() -> dict[str, Any]:
        async with Client(server) as client:
            return {name: await client.call_tool("report", {"recording": f"{name}.jsonl"}) for name in NAMES}

    with ThreadPoolExecutor(1) as pool:  # this thread may hold the browser's loop
        return pool.submit(anyio.run, asked).result()


def test_answer_to_an_mcp_client(answers: Mapping[str, Any], recording: Recording, name: str) -> None:
    answer = answers[name]
    assert not answer.is_error
    assert len(answer.content[0].text) < 10_000
    (said,), (diagnosis,) = answer.structured_content["diagnoses"], recording.diagnoses
    assert said["sentence"] == diagnosis.headline
    assert said["next"]
    causes = said.get("causes", [])  # what is empty is left out
    assert [one["code"] for one in causes] == [one.code for one in diagnosis.causes]
    assert all(one["because"] for one in causes)


@pytest.fixture(scope="module")
def tested(folder: Path) -> Mapping[str, ElementTree.Element]:
    """A run of pytest in which each example's finding fails a test: its own report, by example."""
    program = f"""
        import pytest
        from defib.findings import failing
        from defib.recording import load
        from defib.testing import FlatModelError

        @pytest.mark.parametrize("name", {NAMES!r})
        def test_theirs(name):
            found = failing(load(f"{{name}}.jsonl").diagnoses, ["any"])
            if found:
                raise FlatModelError(found, ["any"])
    """
    (folder / "test_theirs.py").write_text(dedent(program))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "defib.testing.plugin", "--junitxml", "theirs.xml"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "test_theirs.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout
    cases = ElementTree.parse(folder / "theirs.xml").getroot().iter("testcase")
    return {re.sub(r"^test_theirs\[(.*)\]$", r"\1", case.get("name", "")): case for case in cases}


def test_failure_in_pytest(tested: Mapping[str, ElementTree.Element], recording: Recording, name: str) -> None:
    """The message is the whole diagnosis; what has no finding passes."""
    failure = tested[name].find("failure")
    found = failing(recording.diagnoses, ["any"])
    assert (failure is None) == (not found)
    if failure is not None:
        said = re.sub(r"\s+", " ", (failure.get("message") or "") + (failure.text or ""))
        for cause in found[0].causes[:1]:
            assert f"{cause.name} ({cause.code})" in said
