"""Contracts over the whole catalogue: codes, names, pages, and that everything it refers to exists."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

import defib.causes
from defib.catalogue import CAUSES, REDIRECTS, all_causes, load
from defib.diagnosis import from_update, supported
from defib.interventions.table import FAMILIES, INTERVENTIONS, all_interventions
from defib.ranking import Assessed, rank

FOLDER = Path(defib.causes.__file__).parent
HEADINGS = [
    *("What it is", "Why every prediction is the same", "Evidence for", "Evidence against", "Look-alikes", "Example"),
    *("Fix", "Known problems", "References"),
]
UNLAWFUL = (r"^(avoid|use|no|do-not|dont|prefer|fix|add|remove|try|missing)-", r"-(fix|needed|required)$")
"""A name reads after "because of": the fault, never the fix."""
NAMED_IN_TAXONOMY = {"no-learnable-signal"}
STAGES = {
    "DF1": "data",
    "DF2": "labels",
    "DF3": "head",
    "DF4": "architecture",
    "DF5": "optimization",
    "DF6": "initialization",
    "DF7": "loop",
    "DF8": "serving",
    "DF9": "nothing_wrong",
}
LONGEST_FILE = 150
codes = pytest.mark.parametrize("code", CAUSES)


def page(code: str) -> str:
    text = import_module(f"defib.causes.{CAUSES[code]}").__doc__
    assert text
    return text


def sections(code: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", page(code), flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_module_is_in_the_catalogue_and_once() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")}
    assert sorted(CAUSES.values()) == sorted(modules)


def test_no_row_is_written_twice() -> None:
    """A dict literal silently keeps the last of two equal keys."""
    for module in ("defib.catalogue", "defib.interventions.table"):
        source = Path(str(import_module(module).__file__)).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Dict):
                keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
                assert len(keys) == len(set(keys))


def test_names_are_unique_and_redirects_lead_somewhere() -> None:
    names = [cause.name for cause in all_causes()]
    assert len(names) == len(set(names))
    assert set(REDIRECTS.values()) <= set(CAUSES)
    assert not set(REDIRECTS) & (set(CAUSES) | set(names))


@codes
def test_code_name_and_module_agree(code: str) -> None:
    cause = load(code)
    assert cause.code == code
    assert re.fullmatch(r"DF[1-9]\d\d", code)
    assert cause.name.replace("-", "_") == CAUSES[code]
    assert cause.stage == STAGES[code[:3]] or code == "DF105"
    assert page(code).startswith(f"{code} {cause.name}: ")


@codes
def test_the_name_is_the_fault(code: str) -> None:
    name = load(code).name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert name in NAMED_IN_TAXONOMY or not any(re.search(shape, name) for shape in UNLAWFUL), name


@pytest.mark.parametrize("name", ["use-adam", "no-batch-norm", "avoid-relu", "learning-rate-fix"])
def test_an_unlawful_name_would_be_found(name: str) -> None:
    assert any(re.search(shape, name) for shape in UNLAWFUL)


@codes
def test_the_page_has_its_headings_and_says_something_under_each(code: str) -> None:
    found = sections(code)
    assert list(found) == HEADINGS
    assert all(len(body.split()) >= 4 for body in found.values())


@codes
def test_the_page_tells_how_to_check_and_names_its_look_alikes(code: str) -> None:
    found, cause = sections(code), load(code)
    assert "Check:" in found["Evidence for"]
    assert cause.look_alikes
    assert any(other in found["Look-alikes"] for other in cause.look_alikes)
    assert "http" in found["References"]


@codes
def test_every_look_alike_the_page_names_exists(code: str) -> None:
    for other in re.findall(r"([a-z]+(?:-[a-z]+)+) \((DF\d{3})\)", page(code)):
        assert load(other[1]).name == other[0], other


@codes
def test_the_example_is_python(code: str) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", sections(code)["Example"] + "\n", re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    compile(blocks[0], code, "exec")


@codes
def test_what_it_refers_to_exists(code: str) -> None:
    cause = load(code)
    assert cause.fixes
    assert set(cause.fixes) <= set(INTERVENTIONS)
    assert set(cause.contrast) <= set(INTERVENTIONS) | set(FAMILIES)
    assert set(cause.explains) <= set(CAUSES) - {code}
    assert set(cause.look_alikes) <= set(CAUSES) - {code}
    for repeated in (cause.fixes, cause.explains, cause.look_alikes):
        assert len(repeated) == len(set(repeated))


@codes
def test_a_fix_is_not_said_not_to_work(code: str) -> None:
    cause = load(code)
    assert not [fix for fix in cause.fixes if cause.contrast.get(fix) == "must_not"]


@codes
def test_must_work_is_said_of_what_can_be_offered(code: str) -> None:
    cause, table = load(code), all_interventions()
    for name, expected in cause.contrast.items():
        members = FAMILIES.get(name, (name,))
        if expected == "must_work":
            assert any(member in cause.fixes for member in members), name
        assert name in FAMILIES or table[name].kind != "advice", name


def test_no_two_causes_explain_each_other_away() -> None:
    """Two faults that are each other's consequence would leave none to name; where time tells, one is always left."""
    causes = {cause.code: cause for cause in all_causes()}
    both_ways = [(a, b) for a in causes for b in causes[a].explains if a in causes[b].explains]
    assert {frozenset(pair) for pair in both_ways} == {frozenset(("DF402", "DF403"))}
    for (a, b), since, weight in product(both_ways, (None, 0, 9), (0.5, 0.7, 0.75)):
        one = Assessed(causes[a], from_update(supported("seen", weight=0.7), 0))
        other = Assessed(causes[b], from_update(supported("seen", weight=weight), since))
        assert None in [found.mechanism_of for found in rank([one, other], {})]


def test_what_nothing_tells_apart_is_said_on_both_pages() -> None:
    for code in CAUSES:
        for other in load(code).indistinct:
            assert code in load(other).indistinct
            assert other in load(code).look_alikes
            assert re.search(rf"\({other}\):[^-]*tied", sections(code)["Look-alikes"]), (code, other)


@codes
def test_a_file_fits_on_two_screens(code: str) -> None:
    assert len((FOLDER / f"{CAUSES[code]}.py").read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
