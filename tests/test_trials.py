"""Planner, judge and splitting of rows, each against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from defib.causes import Cause
from defib.diagnosis import Assessment, ruled_out
from defib.evidence import Book
from defib.subject import Rows
from defib.trials import plan
from defib.trials.engine import split_rows
from defib.trials.judge import Run, judge, recovery, t_interval


def run(seed: int, value: float, *, flat: bool = False) -> Run:
    return Run(seed, value, value, 0.0 if flat else 0.2, flat, 0.1)


def test_the_interval_is_scipys() -> None:
    differences = [0.8, 0.95, 1.1, 0.7]
    expected = stats.t.interval(0.95, 3, np.mean(differences), stats.sem(differences))
    assert t_interval(differences) == pytest.approx(expected)


def test_three_clear_seeds_are_sufficient_and_two_are_not() -> None:
    control = [run(s, 0.0, flat=True) for s in range(3)]
    treated = [run(0, 0.9), run(1, 0.95), run(2, 1.0)]
    assert judge(control, treated).sufficient
    assert not judge(control[:2], treated[:2]).sufficient


def test_one_flat_seed_is_not_sufficient() -> None:
    control = [run(s, 0.0, flat=True) for s in range(3)]
    treated = [run(0, 0.9), run(1, 0.9, flat=True), run(2, 0.9)]
    assert not judge(control, treated).sufficient


def test_a_treated_arm_that_is_as_good_as_the_control_is_no_fix() -> None:
    arms = [run(0, 0.9), run(1, 0.8), run(2, 0.95)]
    assert not judge(arms, arms).sufficient


def test_recovery_of_nan_is_none_at_all() -> None:
    assert recovery(float("nan"), 0.5) == 0.0


def cause(code: str, works: dict[str, bool]) -> Cause:
    def assess(book: Book) -> Assessment:
        return ruled_out("never asked")

    contrast = {name: "must_work" if value else "must_not" for name, value in works.items()}
    return Cause(code, code.lower(), "data", assess, (), contrast)  # type: ignore[arg-type]


def test_the_planner_prefers_what_separates_to_what_always_works() -> None:
    one = cause("DF101", {"separates": True, "always": True})
    other = cause("DF501", {"separates": False, "always": True})
    causes = {"DF101": one, "DF501": other}
    beliefs = {"DF101": 0.5, "DF501": 0.5}
    assert plan.information_bits(beliefs, causes, "always") == pytest.approx(0.0)
    # By hand: the mixture is a fair coin (1 bit), each side keeps H(0.9) = H(0.1) = 0.469 bits.
    assert plan.information_bits(beliefs, causes, "separates") == pytest.approx(1 - 0.468996, abs=1e-6)
    assert plan.order([one, other], beliefs, ["always", "separates"], {})[0] == "separates"


def test_bayes_rule_by_hand() -> None:
    causes = {"DF101": cause("DF101", {"x": True}), "DF501": cause("DF501", {"x": False})}
    after = plan.update({"DF101": 0.2, "DF501": 0.8}, causes, "x", True)
    assert after["DF101"] == pytest.approx(0.2 * 0.9 / (0.2 * 0.9 + 0.8 * 0.1))


@pytest.mark.parametrize("seed", range(5))
def test_the_split_keeps_classes_order_and_every_row(seed: int) -> None:
    y = np.repeat([0, 1, 2], [60, 30, 10])
    X = np.arange(100.0)[:, None]
    split = split_rows(Rows(X, y), seed)
    assert split is not None
    both = np.concatenate([split.fit.X, split.held_out.X]).ravel()
    assert sorted(both) == list(range(100))
    assert np.all(np.diff(split.fit.X.ravel()) > 0)
    assert split.held_out.y is not None
    assert np.bincount(split.held_out.y).tolist() == [18, 9, 3]


def test_too_few_rows_are_not_split() -> None:
    assert split_rows(Rows(np.zeros((4, 2)), np.array([0, 1, 1, 0])), 0) is None
