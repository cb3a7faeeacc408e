"""What keeps an assessment open although its own signs are there."""

from __future__ import annotations

from defib.assess import hold_to_inside, hold_to_nan, leading
from defib.catalogue import load
from defib.diagnosis import supported
from defib.evidence import Book
from defib.ranking import Assessed, rank
from tests.causes.books import HEALTHY, NAN, book, symptoms

FEW_UPDATES = Assessed(load("DF506"), supported("few updates", weight=0.6))
PROVEN = Assessed(load("DF601"), supported("all zero", weight=0.95))
DATA = Assessed(load("DF103"), supported("NaN", weight=0.6))


def test_a_network_that_could_not_be_looked_at_inside_leaves_look_alikes() -> None:
    broken = Book(failed={"activations": "RuntimeError: it takes its rows only together"})
    held = hold_to_inside([FEW_UPDATES, PROVEN, DATA], broken)
    assert [one.assessment.verdict for one in held] == ["inconclusive", "supported", "supported"]
    assert "look-alikes are not ruled out" in held[0].assessment.because


def test_one_that_could_is_left_alone() -> None:
    assert hold_to_inside([FEW_UPDATES], Book()) == (FEW_UPDATES,)


def test_the_origin_is_mended_before_the_mechanism_that_it_explains() -> None:
    dead = Assessed(load("DF401"), supported("dead after update 2", weight=0.85))
    step = Assessed(load("DF501"), supported("the first update was huge", weight=0.7))
    ranked, beliefs = leading([dead, step])
    assert [one.code for one in ranked] == ["DF501", "DF401"]
    assert beliefs["DF401"] < beliefs["DF501"]
    assert leading([dead])[1] == {"DF401": 0.85}


BROADCAST = Assessed(load("DF305"), supported("(32, 1) met (32,)", weight=0.97))


def test_what_makes_no_nan_is_a_second_fault_beside_what_does() -> None:
    nan = book(symptoms(NAN, NAN))
    ranked = rank(hold_to_nan([BROADCAST, DATA], nan), {})
    assert [(one.code, one.mechanism_of) for one in ranked] == [("DF103", None), ("DF305", None)]
    (alone,) = hold_to_nan([BROADCAST], nan)
    assert alone.assessment.verdict == "inconclusive"
    assert "no number NaN" in alone.assessment.because


def test_outputs_that_are_numbers_hold_nothing_back() -> None:
    assert hold_to_nan([BROADCAST, DATA], book(symptoms(HEALTHY))) == (BROADCAST, DATA)
