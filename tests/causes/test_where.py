"""Which class and which weights a fault sits in: named in the sentence and in the Assessment."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from defib.catalogue import load
from defib.diagnosis import Assessment, Spot
from defib.evidence import Evidence
from defib.probes.penalty import PenaltyFacts
from defib.probes.weighting import WeightingFacts
from tests.causes.books import (
    FLAT,
    HEAD,
    LABELS,
    ONE_CLASS,
    STUCK,
    book,
    collapsed,
    move,
    symptoms,
    updates,
)

ALL_NINE = replace(ONE_CLASS, hard_label=0)
RARE = replace(LABELS, classes=(7.0, 9.0), class_prior=(0.97, 0.03))


def assess(code: str, *evidence: Evidence) -> Assessment:
    return load(code).assess(book(*evidence))


def test_the_drowned_class_is_named_as_the_labels_have_it() -> None:
    given = assess("DF105", symptoms(ALL_NINE, ALL_NINE), RARE)
    assert given.where == (Spot("class", "9"),)
    assert given.because.endswith("every row is answered with class 7, none with class 9 (3 % of the rows)")


def test_every_class_that_is_never_answered_is_named_the_rarest_first() -> None:
    three = replace(ALL_NINE, n_outputs=3, hard_label=1)
    labels = replace(RARE, task="multiclass", classes=(0.0, 1.0, 2.0), class_prior=(0.1, 0.88, 0.02))
    given = assess("DF105", symptoms(three, three), labels, replace(HEAD, units=3))
    assert given.where == (Spot("class", "2"), Spot("class", "0"))


def test_the_threshold_names_the_class_that_all_rows_get() -> None:
    given = assess("DF902", symptoms(ALL_NINE, ALL_NINE), replace(LABELS, classes=(0.0, 1.0)))
    assert given.verdict == "supported"
    assert given.where == (Spot("class", "0"),)
    assert "every row is answered with class 0, none with class 1 (63 % of the rows)" in given.because


@pytest.mark.parametrize(
    "labels", [replace(RARE, classes=(1.0, 2.0, 3.0), class_prior=(0.9, 0.05, 0.05)), replace(RARE, classes=())]
)
def test_classes_that_the_outputs_do_not_count_are_not_named(labels: Evidence) -> None:
    given = assess("DF105", symptoms(ALL_NINE, ALL_NINE), labels)
    assert given.where == ()
    assert "answered" not in given.because


def test_a_symptom_without_a_hard_label_names_no_class() -> None:
    assert assess("DF105", symptoms(ONE_CLASS, ONE_CLASS), RARE).where == ()


def test_frozen_weights_are_named() -> None:
    moves = [move(f"body.{i}.weight", 0.0, "frozen", size=1000) for i in range(5)]
    given = assess("DF701", collapsed(), updates(*moves, move("head.bias", size=1)), STUCK)
    assert given.where == (Spot("weights", "body.0.weight, body.1.weight, body.2.weight and 2 others"),)
    assert "(body.0.weight, body.1.weight, body.2.weight and 2 others)" in given.because


def test_weights_outside_the_optimizer_are_named() -> None:
    moves = [move("body.weight", 0.0, "not_in_optimizer"), move("head.weight", size=10)]
    given = assess("DF703", collapsed(), updates(*moves), STUCK)
    assert given.where == (Spot("weights", "body.weight"),)
    assert given.because == "more than 99 % of the weights (body.weight) are not in the optimizer and never moved"


def test_a_group_without_a_step_is_named_by_its_number() -> None:
    moves = [
        move("body.weight", 0.0, "zero_rate", group=0, learning_rate=0.0),
        move("body.bias", 0.0, "zero_rate", group=0, learning_rate=0.0, size=10),
        move("head.weight", size=10, group=1, learning_rate=0.1),
    ]
    given = assess("DF703", collapsed(), updates(*moves), STUCK)
    assert given.verdict == "supported"
    assert given.where == (Spot("weights", "body.weight, body.bias", 0),)
    assert "in parameter group 0, counted from 0, with a learning rate of 0" in given.because


def test_all_groups_without_a_step_are_named() -> None:
    moves = [move(f"{name}.weight", 0.0, "zero_rate", group=i) for i, name in enumerate(("body", "head"))]
    given = assess("DF703", collapsed(), updates(*moves), STUCK)
    assert given.weight == 1.0
    assert given.where == (Spot("weights", "body.weight", 0), Spot("weights", "head.weight", 1))


HELD = updates(
    move("body.weight", group=0, weight_decay=0.0),
    move("head.weight", group=1, weight_decay=5.0, initial_sd=0.2, end_rms=0.001),
    move("head.bias", group=1, weight_decay=5.0, size=1),
)


def test_the_one_group_that_decayed_is_named() -> None:
    given = assess("DF503", collapsed(FLAT), HELD, STUCK)
    assert given.verdict == "supported"
    assert given.where == (Spot("weights", "head.weight, head.bias", 1),)


def test_groups_that_decay_alike_are_no_group_of_their_own() -> None:
    alike = replace(HELD, parameters=tuple(replace(one, weight_decay=5.0) for one in HELD.parameters))
    assert assess("DF503", collapsed(FLAT), alike, STUCK).verdict == "ruled_out"


def test_the_group_that_is_pulled_hardest_is_named_before_it_is_gone() -> None:
    alive = replace(HELD, parameters=tuple(replace(one, end_rms=0.15) for one in HELD.parameters))
    given = assess("DF503", collapsed(FLAT), alive, PenaltyFacts(4.0, "head", True, 1), STUCK)
    assert given.verdict == "supported"
    assert given.where == (Spot("weights", "head.weight, head.bias", 1),)
    assert "parameter group 1 (head.weight, head.bias)" in given.because


WEIGHED = WeightingFacts("class_weight", (7.0, 9.0), (1.0, 500.0), (0.06, 0.94), 1.0, 0.96)


def test_a_rare_class_that_every_row_is_answered_with_is_no_imbalance() -> None:
    rows = replace(ONE_CLASS, hard_label=1)
    given = assess("DF105", symptoms(rows, rows), RARE)
    assert given.verdict == "ruled_out"
    assert "not the largest class: every row is answered with class 9" in given.because


def test_the_weight_that_drowns_a_class_is_named_with_its_value() -> None:
    rows = replace(ONE_CLASS, hard_label=1)
    given = assess("DF902", symptoms(rows, rows), RARE, WEIGHED)
    assert given.verdict == "supported"
    assert "class_weight counts a row of class 9 500 times as much as one of class 7 (500 against 1)" in given.because


def test_weights_without_which_every_row_gets_the_other_class_are_named() -> None:
    rows = replace(ONE_CLASS, hard_label=1)
    turned = replace(WEIGHED, hard_label_share_without=1.0, frequent_without=7.0)
    assert "100 % of the rows would get class 7" in assess("DF902", symptoms(rows, rows), RARE, turned).because
    kept = replace(turned, frequent_without=9.0)
    assert "would get" not in assess("DF902", symptoms(rows, rows), RARE, kept).because


@pytest.mark.parametrize(
    "weighed", [replace(WEIGHED, hard_label_share_without=1.0), replace(WEIGHED, weights=(2.0, 1.0))]
)
def test_weights_that_did_not_move_the_labels_are_not_named(weighed: WeightingFacts) -> None:
    rows = replace(ONE_CLASS, hard_label=1)
    assert "counts a row" not in assess("DF902", symptoms(rows, rows), RARE, weighed).because


@pytest.mark.parametrize(
    ("pattern", "share", "weighed", "verdict"),
    [
        ("varied", 0.99, WEIGHED, "supported"),
        ("near_constant", 1.0, WEIGHED, "supported"),
        ("near_constant", 1.0, WeightingFacts(), "ruled_out"),
        ("varied", 0.9, WEIGHED, "ruled_out"),
    ],
)
def test_outputs_that_weights_press_to_one_end(
    pattern: Literal["varied", "near_constant"], share: float, weighed: WeightingFacts, verdict: str
) -> None:
    rows = replace(ONE_CLASS, pattern=pattern, hard_label=1, hard_label_share=share)
    given = assess("DF902", symptoms(rows, rows), RARE, weighed)
    assert given.verdict == verdict, given.because
    assert "every row is answered" not in given.because
