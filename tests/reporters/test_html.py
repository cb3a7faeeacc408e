"""The HTML report: complete, self-contained, well-formed, and deaf to what names try to say."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from defib.codec import decode, encode
from defib.diagnosis import Diagnosis
from defib.reporters import write_report
from defib.reporters.background import Background
from defib.reporters.html import coloured, fragment, render
from defib.reporters.legible import legible
from tests.reporters import recorded, samples

VOID = {"meta", "br"}
LARGEST = 1_500_000
ATTRIBUTES = {
    "html": {"lang"},
    "meta": {"charset", "name", "content", "http-equiv"},
    "a": {"href"},
    "article": {"id"},
    "details": {"open"},
    "th": {"scope", "colspan"},
}
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
        if self.open[-1:] != ["style"]:
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
    """Only tags and attributes of ours; nothing is fetched, nothing runs."""
    shown = page(diagnosis, background=background)
    assert not {"script", "link", "img", "iframe", "object", "form", "input"} & {tag for tag, _ in shown.tags}
    for tag, attributes in shown.tags:
        assert tag in SVG or set(attributes) <= COMMON | ATTRIBUTES.get(tag, set()), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "xlink:href")]
        assert attributes.get("href", "#").startswith(("#", "https://")), attributes
    assert "url(" not in render([diagnosis], background)


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
        "the constant: 0.627",
        "The cause unscaled-inputs DF101 , in dense",
        "scale max 1,180 scale ratio 570,000 dead fraction 100 % n columns 30 the rows become equal in dense:relu",
        "How unscaled-inputs acts",
        "Also found",
        "Where the rows become equal",
        "The loss",
        "The inputs, as they arrive",
        "Weights and gradients (3)",
        "Training path and predict path",
        "What was tried",
        "The smallest fix",
        "What it is not",
        "Not settled",
        "Not assessed",
        "Notes",
        "Next defib explain unscaled-inputs",
        "All that was measured",
        "program a/train.py --lr 1",
    )
    shown = shown.replace("defib 0.1.0: train.py", "defib 0.1.0 : train.py")
    places = [shown.find(mark) for mark in marks]
    assert -1 not in places, marks[places.index(-1)]
    assert places == sorted(places)


def test_charts_show_what_was_recorded() -> None:
    shown = page(samples.FLAT_DIAGNOSIS)
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
    assert links == [f"#{anchor}" for anchor in anchors] == ["#model-1", "#model-2", "#model-3"]
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
