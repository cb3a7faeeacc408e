"""Each cause proves itself on hand-made evidence: its own Book, the healthy one, and those of all the others."""

from __future__ import annotations

import pytest

from defib.catalogue import CAUSES, all_causes, load
from defib.diagnosis import DECISIVE, Assessment
from defib.evidence import Book, Missing
from defib.ranking import PROMOTABLE, Assessed, rank, settle
from tests.causes.books import book
from tests.causes.ill import ILL


def assess(code: str, evidence: Book) -> Assessment | None:
    try:
        return load(code).assess(evidence)
    except Missing:
        return None


ONLY_BY_TRIAL = {"DF407"}
"""What no evidence names by itself: the trial that must work does."""


def proven(code: str, given: Assessment) -> tuple[Assessment, dict[str, bool]]:
    """The assessment after the trials that must work did, where these are what names the cause."""
    if code not in ONLY_BY_TRIAL:
        return given, {}
    worked = {name: True for name, expected in load(code).contrast.items() if expected == "must_work"}
    return settle([Assessed(load(code), given)], worked)[0].assessment, worked


@pytest.mark.parametrize("code", sorted(ONLY_BY_TRIAL))
def test_what_only_a_trial_names_is_open_without_it(code: str) -> None:
    given = assess(code, ILL[code])
    assert given is not None
    assert given.verdict == "inconclusive"
    assert settle([Assessed(load(code), given)], {})[0].assessment.verdict == "inconclusive"


def test_every_cause_has_a_book() -> None:
    assert set(ILL) == set(CAUSES)


@pytest.mark.parametrize("code", CAUSES)
def test_its_own_book_supports_it(code: str) -> None:
    given = assess(code, ILL[code])
    assert given is not None
    given, _ = proven(code, given)
    assert given.verdict == "supported", given
    assert given.weight >= (PROMOTABLE if code in ONLY_BY_TRIAL else 0.5)


@pytest.mark.parametrize("code", CAUSES)
def test_the_healthy_book_does_not(code: str) -> None:
    given = assess(code, book())
    assert given is None or given.verdict in ("ruled_out", "not_applicable"), given


@pytest.mark.parametrize("code", CAUSES)
def test_it_ranks_first_on_its_own_book(code: str) -> None:
    given = [(cause, assess(cause.code, ILL[code])) for cause in all_causes()]
    seen = [Assessed(cause, one) for cause, one in given if one is not None]
    own = next(one.assessment for one in seen if one.cause.code == code)
    outcomes = proven(code, own)[1]
    ranked = rank(settle(seen, outcomes), outcomes)
    assert ranked[0].code == code, [(one.code, one.assessment) for one in ranked]


@pytest.mark.parametrize("code", CAUSES)
def test_no_look_alike_is_proven_on_its_book(code: str) -> None:
    for other in load(code).look_alikes:
        given = assess(other, ILL[code])
        explained = other in load(code).explains
        assert given is None or explained or given.verdict != "supported" or given.weight < DECISIVE, (other, given)


@pytest.mark.parametrize("code", CAUSES)
@pytest.mark.parametrize("ill", [*ILL, "healthy"])
def test_the_sentence_is_lawful_on_every_book(code: str, ill: str) -> None:
    given = assess(code, ILL[ill] if ill in ILL else book())
    if given is None:
        return
    text = given.because
    assert text
    assert not text.endswith(".")
    assert "DF" not in text
    assert text[0].islower() or text[0].isdigit() or not text[0].isalpha(), text
    assert "None" not in text
    assert 0 <= given.weight <= 1
    assert all(isinstance(value, float) for value in given.numbers.values()), given.numbers
    if given.verdict in ("ruled_out", "not_applicable"):
        assert given.weight == 0
