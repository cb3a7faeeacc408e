"""``defib explain``: every cause by code and by name, the list, near misses."""

from __future__ import annotations

import re

import pytest

from defib.catalogue import all_causes
from defib.errors import InputError
from defib.pages import find_cause, page, summary
from defib.reporters.layout import plain
from defib.reporters.page import cause_list, cause_view
from tests.conftest import Run


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.code)
def test_every_page_renders(cause: object) -> None:
    from defib.causes import Cause

    assert isinstance(cause, Cause)
    shown = plain(cause_view(cause), 100)
    assert cause.code in shown
    assert cause.name in shown
    for heading in re.findall(r"^## (.+)$", page(cause), re.MULTILINE):
        assert heading in shown
    assert "##" not in shown
    assert find_cause(cause.code) == find_cause(cause.name) == cause


@pytest.mark.parametrize("typed", ["DF401", "df401", " dead-relus ", "Dead ReLUs", "dead_relus"])
def test_as_people_type(typed: str) -> None:
    assert find_cause(typed).code == "DF401"


@pytest.mark.parametrize(
    ("typed", "near"), [("dead-relu", "dead-relus"), ("vanishing", "vanishing-gradients"), ("df4o1", "df401")]
)
def test_near_misses(typed: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        find_cause(typed)
    assert caught.value.slug == "unknown-cause"
    assert near in caught.value.expected


def test_nothing_near() -> None:
    with pytest.raises(InputError) as caught:
        find_cause("qqqqqq")
    assert caught.value.write.startswith("defib explain ")


def test_the_list_has_all() -> None:
    shown = plain(cause_list(), 100)
    for cause in all_causes():
        assert cause.code in shown
        assert summary(cause)


def test_commands(defib: Run) -> None:
    assert "single-unit-softmax" in defib("explain").stdout
    assert "What it is" in defib("explain", "DF301").stdout
    ended = defib("explain", "nothing-like-it-zzz")
    assert ended.returncode == 2
    assert "[unknown-cause]" in ended.stderr
