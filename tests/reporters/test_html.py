"""The HTML report: complete, self-contained, well-formed, and deaf to what names try to say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from defib.codec import decode, encode
from defib.diagnosis import Diagnosis, Measured, Place
from defib.reporters import write_report
from defib.reporters.background import Background, Behind
from defib.reporters.figures import FIGURES
from defib.reporters.html import _scripts, coloured, fragment, render
from defib.reporters.legible import legible
from tests.reporters import recorded, samples

VOID = {"meta", "br"}
LARGEST = 1_500_000
ATTRIBUTES = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "a": {"href"},
    "article": {"id"},
    "section": {"id"},
    "h3": {"id"},
    "details": {"open"},
    "th": {"scope", "colspan"},
    "script": {"type", "id"},
    "button": {"type", "data-move"},
    "div": {"data-figure", "style"},
}
SCRIPTS = [{"type": "application/json", "id": "defib-figures"}, {}, {}]
COMMON = {"class", "role", "aria-label", "aria-hidden", "tabindex"}
SVG = {"svg", "rect", "line", "polyline", "title"}


class Page(HTMLParser):
    """Tags, attributes and text; every tag that is opened must be closed in order."""

    def __init__(self, text: str) -> None:
        HTMLParser.__init__(self)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def count(self, tag: str, kind: str = "") -> int:
        return sum(one == tag and (not kind or kind in attrs.get("class", "").split()) for one, attrs in self.tags)


def page(*diagnoses: Diagnosis, background: Background | None = recorded.BACKGROUND) -> Page:
    shown = Page(render(diagnoses, background))
    assert shown.open == []
    return shown


@pytest.mark.parametrize("diagnosis", samples.EVERY, ids=lambda d: d.outcome)
@pytest.mark.parametrize("background", [None, recorded.BACKGROUND], ids=["alone", "recorded"])
def test_well_formed_and_self_contained(diagnosis: Diagnosis, background: Background | None) -> None:
    """Only tags and attributes of ours; nothing is fetched, nothing runs but our two scripts."""
    shown = page(diagnosis, background=background)
    assert not {"link", "img", "iframe", "object", "form", "input"} & {tag for tag, _ in shown.tags}
    assert [attributes for tag, attributes in shown.tags if tag == "script"] in ([], SCRIPTS)
    for tag, attributes in shown.tags:
        assert tag in SVG or set(attributes) <= COMMON | ATTRIBUTES.get(tag, set()), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "xlink:href")]
        assert re.fullmatch(r"height:\d+px", attributes.get("style", "height:1px"))
        assert attributes.get("href", "#").startswith(("#", "https://")), attributes
    assert "url(" not in without_scripts(render([diagnosis], background))


def without_scripts(text: str) -> str:
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_no_script_but_ours_may_run() -> None:
    """The page's policy names our scripts by their hash, and everything else is forbidden."""
    text = render([samples.FLAT_DIAGNOSIS], recorded.BACKGROUND)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    runs = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in runs]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    assert len(runs) == 2
    assert policy[1] == f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}"


@pytest.mark.parametrize("diagnosis", samples.ALL, ids=lambda d: d.outcome)
def test_everything_in_the_diagnosis_is_shown(diagnosis: Diagnosis) -> None:
    shown = page(diagnosis).text
    hypotheses = (*diagnosis.causes, *diagnosis.ruled_out, *diagnosis.inconclusive, *diagnosis.not_applicable)
    said = [diagnosis.model, diagnosis.headline, *diagnosis.notes, diagnosis.next_command]
    said += [part for one in hypotheses for part in (one.name, one.code, one.assessment.because)]
    said += [part for one in diagnosis.not_assessed for part in (one.name, one.needs)]
    said += [part for one in diagnosis.trials for part in (one.intervention, one.does, one.note)]
    if (fix := diagnosis.fix) is not None:
        said += [fix.says, *fix.alternatives, *fix.insufficient]
    said += [part for item in diagnosis.versions.items() for part in item]
    for text in said:
        assert text in shown


def test_the_order_of_a_flat_report() -> None:
    shown = page(samples.FLAT_DIAGNOSIS).text
    marks = (
        "defib 0.1.0 : train.py",
        "at fault sequential (keras) at a/train.py:12",
        "The prediction is identical",
        "The smallest fix: standardize every input column",
        "Predictions 114 rows",
        "The cause unscaled-inputs DF101 , in dense",
        "scale max 1,180 scale ratio 570,000 dead fraction 100 % n columns 30 the rows become equal in dense:relu",
        "In the order of time, replayed from the initial weights with other batches after update 3 every unit",
        "How unscaled-inputs acts",
        "Also found",
        "Where the rows become equal",
        "The loss",
        "The inputs, as they arrive",
        "Gradients and updates per layer",
        "Training path and predict path",
        "What was tried",
        "What it is not",
        "Not settled",
        "The smallest fix standardize every input column (verified",
        "Not assessed",
        "Notes",
        "Next defib explain unscaled-inputs",
        "All that was measured",
        "Provenance program a/train.py --lr 1",
        "training rows kept 256 of 455",
        "seeds of the trials 0, 1, 2",
    )
    shown = shown.replace("defib 0.1.0: train.py", "defib 0.1.0 : train.py").replace("fix :", "fix:")
    at = 0
    for mark in marks:
        assert mark in shown[at:], mark
        at = shown.index(mark, at)


def test_the_figures_stand_in_the_order_of_the_report() -> None:
    shown = page(samples.FLAT_DIAGNOSIS)
    kinds = [attrs["data-figure"] for _, attrs in shown.tags if "data-figure" in attrs]
    assert kinds == [f"model-1-{kind}" for kind in FIGURES]
    data = re.search(r'id="defib-figures">(.*?)</script>', render([samples.FLAT_DIAGNOSIS], recorded.BACKGROUND))
    assert data is not None
    assert list(json.loads(data[1])) == kinds


def notebook(diagnosis: Diagnosis, behind: Behind = recorded.BEHIND) -> Page:
    """A cell's output; the drawings of the page are for its scripts."""
    return Page(fragment(replace(diagnosis, measured=Measured(behind.trace, behind.evidence))))


def test_a_notebook_shows_what_was_recorded() -> None:
    shown = notebook(samples.FLAT_DIAGNOSIS)
    titles = [attributes.get("aria-label", "") for tag, attributes in shown.tags if tag == "svg"]
    assert "training loss, first 900, last 0.66" in titles
    assert "standard deviation of 3 input columns, 0 to 1,000" in titles
    assert "the share of class 1 in the labels: 0.627; the constant: 0.627" in titles
    assert titles.count("relative spread of the rows 0") == 2
    for words in ("loss of the best constant: 0.66", "1 constant, at the bottom", "column 2: mean 5, constant"):
        assert words in shown.text
    assert "100 % dead; the rows become equal here" in shown.text
    assert "zero gradient" in shown.text
    assert shown.count("tr", "first") == 1
    assert shown.count("polyline") == 2  # a gap where the loss was not a number


def test_the_trials_have_a_dot_per_seed_and_the_control_first() -> None:
    shown = page(samples.FLAT_DIAGNOSIS)
    rows = [attrs["class"] for tag, attrs in shown.tags if tag == "tr" and attrs.get("class", "").startswith("is-")]
    assert rows == ["is-control", "is-yes", "is-no"]
    dots = [attrs for tag, attrs in shown.tags if tag == "rect" and attrs.get("height") == "20"]
    assert len(dots) == 9
    assert shown.count("line", "whisker") == 2


def test_trials_without_a_signal_show_the_skill() -> None:
    blind = replace(samples.CONTROL, recovery=(float("nan"),) * 3)
    shown = page(replace(samples.NOTHING_WRONG, trials=(blind,))).text
    assert "skill per seed" in shown
    assert "per seed: 0.00 0.01 -0.02" in render([replace(samples.NOTHING_WRONG, trials=(blind,))])
    assert "nan nan" not in shown.lower()


def test_without_a_recording_it_says_where_the_charts_are() -> None:
    shown = page(samples.FLAT_DIAGNOSIS, background=None)
    assert "Layers, loss and inputs are shown where a run was recorded" in shown.text
    assert shown.count("svg", "curve") == 0


def test_hostile_names_stay_text() -> None:
    """The same tags as for harmless names, and every name readable."""
    name = re.sub(r"\s+", " ", legible(samples.HOSTILE_NAME))
    shown = page(samples.HOSTILE)
    harmless = page(tamed(samples.HOSTILE))
    assert [tag for tag, _ in shown.tags if tag != "span"] == [tag for tag, _ in harmless.tags if tag != "span"]
    assert shown.text.count(name) >= 12
    assert not set("\x00\x1b\u202e\udc80") & set(shown.text)


def tamed(diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis with "x" for every hostile name."""

    def walk(one: object) -> object:
        if isinstance(one, str):
            return one.replace(samples.HOSTILE_NAME, "x")
        if isinstance(one, dict):
            return {str(walk(key)): walk(item) for key, item in one.items()}
        return [walk(item) for item in one] if isinstance(one, list) else one

    swapped = decode(walk(encode(diagnosis)))
    assert isinstance(swapped, Diagnosis)
    return swapped


def test_several_models_are_listed_with_links_that_work() -> None:
    shown = page(samples.FLAT_DIAGNOSIS, samples.HEALTHY, samples.UNDECIDED)
    links = [attrs["href"] for tag, attrs in shown.tags if tag == "a" and attrs["href"].startswith("#")]
    anchors = [attrs["id"] for _, attrs in shown.tags if "id" in attrs]
    assert links[:3] == ["#model-1", "#model-2", "#model-3"]
    assert {link[1:] for link in links} <= set(anchors)
    assert len(anchors) == len(set(anchors))
    for words in ("at fault", "healthy", "undecided"):
        assert f"sequential : {words}" in shown.text


def test_headings_go_down_one_level_at_a_time() -> None:
    for diagnosis in samples.ALL:
        levels = [int(tag[1]) for tag, _ in page(diagnosis).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_no_model() -> None:
    assert "No model was diagnosed." in page().text


def test_a_large_network_stays_small(tmp_path: Path) -> None:
    path = write_report([samples.FLAT_DIAGNOSIS], tmp_path / "x.html", recorded.large(200, 10_000))
    assert path.stat().st_size < LARGEST
    shown = Page(path.read_text())
    assert shown.count("th") > 400
    assert len([attrs for _, attrs in shown.tags if "data-figure" in attrs]) == len(FIGURES)


def test_many_models_stay_small() -> None:
    """The last ones go without figures, and it is said."""
    background = replace(recorded.large(60, 500), behind=recorded.large(60, 500).behind * 10)
    text = render([samples.FLAT_DIAGNOSIS] * 10, background)
    assert len(text.encode()) < LARGEST
    assert "Figures and long tables are left out here" in text
    assert 'data-figure="model-1-loss"' in text
    assert 'data-figure="model-10-loss"' not in text
    assert text.count("The smallest fix:") == 10


def test_in_a_notebook() -> None:
    """A fragment, with the text for who shows none; its style names nothing outside of it."""
    bundle = samples.FLAT_DIAGNOSIS._repr_mimebundle_()
    assert bundle["text/plain"] == str(samples.FLAT_DIAGNOSIS)
    assert bundle["text/html"] == samples.FLAT_DIAGNOSIS._repr_html_() == fragment(samples.FLAT_DIAGNOSIS)
    shown = Page(bundle["text/html"])
    assert shown.open == []
    assert not {"html", "head", "body", "main", "h1"} & {tag for tag, _ in shown.tags}
    style = bundle["text/html"].partition("<style>")[2].partition("</style>")[0]
    style = re.sub(r"@media[^{]*\{", "", style)
    for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", style):
        assert all(one.strip().startswith(".defib") for one in selectors.split(",")), selectors


def test_code_is_coloured_and_escaped() -> None:
    shown = str(coloured("x = '</code><b>'  # y"))
    assert "<b>" not in shown
    assert '<span class="c1"># y</span>' in shown


def test_the_vendored_scripts_are_whole_and_carry_their_licences() -> None:
    """Nothing in them can end the element they stand in, or ask the network."""
    vega, own = _scripts()
    for script in (vega, own):
        assert "</script" not in script.lower()
        assert "<!--" not in script
    assert "window.vegaEmbed" in vega
    assert vega.startswith("/* Vega")
    assert "fetch(" not in own
    licences = (files("defib.reporters") / "vega" / "LICENSES.txt").read_text()
    for name in ("vega 6", "vega-lite 6", "vega-embed 7", "d3-array", "Redistributions of source code"):
        assert name in licences


def test_the_line_that_carries_the_fault() -> None:
    cause = replace(samples.FLAT_DIAGNOSIS.causes[0], at=Place("/w/a/train.py", 31, "opt = SGD(lr=9)  # <b>"))
    shown = page(replace(samples.FLAT_DIAGNOSIS, causes=(cause, *samples.FLAT_DIAGNOSIS.causes[1:]))).text
    assert "train.py:31 opt = SGD(lr=9) # <b>" in shown
