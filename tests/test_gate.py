"""The gate: when is there a problem at all?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from defib.causes._signs import ranks
from defib.diagnose import diagnose_subject
from defib.diagnosis import Hypothesis, supported
from defib.evidence import Book, Evidence
from defib.gate import Gate, needs_replay, read_gate
from defib.probes.head import HeadFacts
from defib.probes.inputs import ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.modes import ModeFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.probes.remembered import MemoryFacts
from defib.skill_against_reference import ahead, squeezed
from defib.symptom import Pattern, Skill, Symptom
from defib.trials.judge import Run
from defib.trials.outcome import Campaign
from defib.wording import Left, headline, judging
from tests.causes.books import HEAD, LABELS, SERVING, TRAINING, unmoved, updates
from tests.probes.fakes import FakeSubject, dense

VARIED = Symptom(
    pattern="varied",
    constant=None,
    equals=None,
    exactness=None,
    prediction_spread=0.2,
    logit_spread=1.0,
    mode_share=0.01,
    n_rows=200,
    n_unique=200,
    nan_fraction=0.0,
    skill=None,
    hard_label_share=0.6,
    output_kind="probability",
    columns_flat=(False,),
    n_outputs=1,
    prior=(0.5,),
)
SKILL_KNOWN = Skill("gini", 0.8, (0.7, 0.9), 200, "held_out")
SIGNAL = SignalFacts(
    metric="auc",
    n_rows=200,
    n_rows_all=200,
    linear=0.95,
    boosting=0.9,
    best=0.95,
    best_name="linear",
    interval=(0.9, 0.98),
    permuted_mean=0.5,
    permuted_sd=0.03,
    z=15.0,
    has_signal=True,
    detectable=0.6,
    repaired_pairing=None,
    repaired_score=None,
)


def book(symptom: Symptom, signal: SignalFacts | None = SIGNAL) -> Book:
    found: dict[type[Evidence], Evidence] = {SymptomFacts: SymptomFacts(symptom, None, None, None)}
    if signal is not None:
        found[SignalFacts] = signal
    return Book(found)


def skilled(value: float, low: float, high: float, rows: str = "held_out") -> Symptom:
    return replace(VARIED, skill=Skill("gini", value, (low, high), 200, rows))  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", ["identical", "near_constant", "nan", "noise_only"])
def test_flat_is_a_problem_even_with_skill(pattern: Pattern) -> None:
    assert read_gate(book(replace(skilled(0.9, 0.8, 0.95), pattern=pattern))).problem == "flat"


def test_skill_on_new_rows_is_health() -> None:
    assert read_gate(book(skilled(0.8, 0.7, 0.9))).problem == "none"


def test_no_skill_on_new_rows_is_a_problem_that_a_replay_may_refute() -> None:
    gate = read_gate(book(skilled(0.05, -0.1, 0.2)))
    assert gate.problem == "unskilled"
    assert needs_replay(gate)


@pytest.mark.parametrize("pattern", ["varied", "one_class"])
@pytest.mark.parametrize("skill", [0.9, 0.0])
def test_what_weights_that_never_moved_rank_is_luck(pattern: Pattern, skill: float) -> None:
    lucky = replace(skilled(skill, skill - 0.05, skill + 0.05), pattern=pattern)
    evidence = [SymptomFacts(lucky, None, None, None), LABELS, SIGNAL, unmoved("zero_gradient"), TRAINING]
    stuck = Book({type(one): one for one in evidence})
    assert read_gate(stuck).problem == "untrained"
    assert ranks(stuck) is False
    moved = Book({type(one): one for one in [*evidence, updates()]})
    assert read_gate(moved).problem != "untrained"
    assert ranks(moved) is (skill > 0)


def test_what_it_memorized_is_no_skill_where_the_rows_hold_no_signal() -> None:
    memorized = skilled(0.95, 0.9, 1.0, "training")
    assert read_gate(book(memorized, replace(SIGNAL, has_signal=False))).problem == "unskilled"
    assert read_gate(book(memorized)).problem == "none"


def test_a_replay_decides_where_only_training_rows_are_known() -> None:
    replay = Campaign(control=(Run(0, 0.02, 0.02, 0.2, False, 1.0, (-0.1, 0.1), 60),))
    gate = read_gate(book(skilled(0.95, 0.9, 1.0, "training")), replay)
    assert gate.problem == "unskilled"
    assert gate.symptom.skill is not None
    assert gate.symptom.skill.rows == "replayed"


def test_a_replay_on_labels_of_one_class_tells_no_skill() -> None:
    nothing = (float("nan"), float("nan"))
    replay = Campaign(control=(Run(0, 0.0, float("nan"), 0.2, False, 1.0, nothing, 60),))
    seen = skilled(0.95, 0.9, 1.0, "training")
    assert read_gate(book(seen), replay).symptom.skill == seen.skill


def test_a_crumb_of_skill_where_there_is_plenty_to_learn_is_no_health() -> None:
    assert read_gate(book(skilled(0.1, 0.05, 0.15))).problem == "unskilled"


@pytest.mark.parametrize(
    ("usable", "reference", "prior", "problem"),
    [
        ((0.02, (0.0, 0.05)), 0.7, (0.5, 0.5), "weak"),  # squeezed together: the order alone is learnt
        ((0.5, (0.4, 0.6)), 0.7, (0.5, 0.5), "none"),
        ((0.02, (-0.2, 0.3)), 0.7, (0.5, 0.5), "none"),  # too few rows to say so
        ((0.02, (0.0, 0.05)), 0.05, (0.5, 0.5), "none"),  # the reference learner tells no more
        ((0.02, (0.0, 0.05)), 0.7, (0.97, 0.03), "none"),  # a rare class stays below the threshold
    ],
)
def test_an_order_that_tells_nothing_as_it_stands(
    usable: tuple[float, tuple[float, float]], reference: float, prior: tuple[float, ...], problem: str
) -> None:
    skill = Skill("gini", 0.7, (0.6, 0.8), 200, "held_out", usable=usable[0], usable_interval=usable[1])
    assert read_gate(with_labels(replace(VARIED, skill=skill), reference, prior)).problem == problem


def with_labels(symptom: Symptom, usable: float, prior: tuple[float, ...] = (0.5, 0.5)) -> Book:
    known = book(symptom, replace(SIGNAL, usable=usable))
    return replace(known, found={**known.found, LabelFacts: replace(LABELS, class_prior=prior)})


@pytest.mark.parametrize(
    ("spread", "kind", "problem"),
    [(0.05, "probability", "weak"), (0.05, "logit", "none"), (0.5, "probability", "none"), (0.05, "classes", "weak")],
)
def test_ranked_and_squeezed_to_a_tenth(spread: float, kind: str, problem: str) -> None:
    # AUC .85 at least: calibrated logits would have a standard deviation of about 1.47.
    skill = Skill("gini", 0.8, (0.7, 0.9), 200, "held_out", usable=0.25, usable_interval=(0.2, 0.3))
    symptom = replace(VARIED, skill=skill, logit_spread=spread, output_kind=kind)  # type: ignore[arg-type]
    assert read_gate(with_labels(symptom, 0.8)).problem == problem


def test_squeezed_outputs_on_the_right_side_of_one_half_are_of_use() -> None:
    skill = Skill("gini", 0.8, (0.7, 0.9), 200, "held_out", usable=0.7, usable_interval=(0.6, 0.8))
    assert read_gate(with_labels(replace(VARIED, skill=skill, logit_spread=0.05), 0.8)).problem == "none"


@pytest.mark.parametrize(("broadcasts", "problem"), [(True, "weak"), (False, "none")])
def test_an_order_that_came_of_every_prediction_against_every_label_is_luck(broadcasts: bool, problem: str) -> None:
    skill = Skill("gini", 0.8, (0.7, 0.9), 200, "held_out", usable=0.3, usable_interval=(0.25, 0.35))
    known = with_labels(replace(VARIED, skill=skill), 0.8)
    head = replace(HEAD, target_shape=(32,), broadcasts=broadcasts)
    assert read_gate(replace(known, found={**known.found, HeadFacts: head})).problem == problem


@pytest.mark.parametrize(
    ("units", "n_classes", "outside", "problem"),
    [(1, 3, 0.33, "unsayable"), (1, 3, 0.01, "none"), (1, 2, 0.33, "none"), (3, 3, 0.33, "none")],
)
def test_a_class_without_an_output(units: int, n_classes: int, outside: float, problem: str) -> None:
    known = book(skilled(0.8, 0.7, 0.9))
    head = replace(HEAD, units=units, n_classes=n_classes, labels_outside=outside)
    assert read_gate(replace(known, found={**known.found, HeadFacts: head})).problem == problem


@pytest.mark.parametrize(
    ("high", "outside", "problem"), [(1.0, 0.7, "unsayable"), (1.0, 0.3, "none"), (np.inf, 0.7, "none")]
)
def test_values_most_of_which_the_head_cannot_say(high: float, outside: float, problem: str) -> None:
    known = book(skilled(0.8, 0.7, 0.9))
    ended = replace(HEAD, output_low=-high, output_high=high, activation="tanh")
    head = replace(ended, n_classes=None, labels_outside=outside)
    assert read_gate(replace(known, found={**known.found, HeadFacts: head})).problem == problem


def test_the_spread_of_calibrated_logits() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(-3, 1.5, 100_000)
    positive = rng.random(100_000) < 1 / (1 + np.exp(-logits))
    area = roc_auc_score(positive, logits)
    gini = 2 * area - 1
    skill = Skill("gini", gini, (gini, gini), 100_000, "held_out")
    for factor, expected in ((0.09, True), (0.11, False)):
        assert squeezed(replace(VARIED, skill=skill, logit_spread=1.5 * factor)) is expected


@pytest.mark.parametrize(
    ("changes", "rows", "problem"),
    [
        ({"affine": "predict = training × 255"}, "training", "skewed"),
        ({"affine": "predict = training × 255"}, "held_out", "none"),  # labels say that it does well on these rows
        ({"rescaled_fraction": 0.8}, "training", "skewed"),
        ({"rescaled_fraction": 0.2}, "training", "none"),
        ({"unknown_token_rows": 0.8}, "training", "skewed"),
        ({"unknown_token_rows": 0.8}, "held_out", "none"),
        ({"unknown_token_rows": 0.4}, "training", "none"),  # new texts bring new words
    ],
)
def test_skill_on_training_rows_says_nothing_of_rows_in_another_unit(
    changes: dict[str, Any], rows: str, problem: str
) -> None:
    known = book(skilled(0.8, 0.7, 0.9, rows))
    serving = replace(SERVING, affine=None, rescaled_fraction=0.0)
    served = replace(known, found={**known.found, ServingFacts: replace(serving, **changes)})
    assert read_gate(served).problem == problem


def test_without_labels_nothing_is_claimed() -> None:
    assert read_gate(book(VARIED, None)).problem == "unknown"


@pytest.mark.parametrize(("high", "told"), [(0.75, True), (0.85, False)])
def test_a_reference_that_is_far_ahead_of_a_healthy_network_is_told(high: float, told: bool) -> None:
    seen = book(skilled(0.6, 0.5, high))
    gate = read_gate(seen)
    assert gate.problem == "none"
    text = headline(gate, (), "healthy", left=Left(ahead(gate.symptom.skill, seen)))
    assert ("a quick linear model reaches AUC 0.95" in text) is told
    assert ("Nothing to repair" in text) is not told


def test_skill_on_other_rows_is_not_told_of_those_predicted() -> None:
    squeezed_rows = replace(skilled(0.99, 0.95, 1.0), pattern="one_class", n_rows=150, logit_spread=0.03)
    gate = read_gate(book(squeezed_rows))
    assert gate.problem == "weak"
    assert "the network ranks other rows" in headline(gate, (), "undecided")
    same = replace(squeezed_rows, n_rows=squeezed_rows.skill.n_rows if squeezed_rows.skill else 0)
    assert "and rank the rows" in headline(read_gate(book(same)), (), "undecided")


def test_what_only_memory_shows_is_not_held_against_a_model_that_learns() -> None:
    """Where no model learns anything, there is none that this one learns little of."""
    memorized = replace(VARIED, skill=Skill("gini", 0.32, (0.22, 0.42), 450, "training"))
    gate = Gate(memorized, "unskilled")
    nothing = Hypothesis("DF901", "no-learnable-signal", supported("no learner does", weight=0.9))
    said = headline(gate, [nothing], "nothing_wrong")
    assert ", but what was learnt is memorized (AUC 0.66 on the rows it was trained on)" in said
    slow = Hypothesis("DF502", "learning-rate-too-low", supported("slow", weight=0.9))
    assert "learnt little of what another model learns" in headline(gate, [slow], "cause_found")


@pytest.mark.parametrize(("pattern", "joined"), [("varied", ", but nothing"), ("one_class", ", and nothing")])
def test_a_sentence_turns_once(pattern: Pattern, joined: str) -> None:
    """After "one class, though the probabilities differ" it has turned already."""
    skill = Skill("gini", 0.0, (-0.1, 0.1), 80, "held_out")
    gate = Gate(replace(VARIED, pattern=pattern, skill=skill), "unskilled")
    assert joined in headline(gate, (), "undecided")


def test_that_no_trial_was_run_is_said_once() -> None:
    X = np.random.default_rng(0).normal(size=(150, 4))
    subject = FakeSubject([dense("out", np.array([[0.2], [0.0], [0.0], [1.0]]))], X, (X[:, 0] > 0).astype(int))
    notes = diagnose_subject(subject).notes  # the replay and the trials both find that it cannot be trained again
    assert [one for one in notes if one.startswith("no trial was run")] == ["no trial was run: it needs the loss"]


@pytest.mark.parametrize(
    ("rows", "known", "told"), [("replayed", False, True), ("replayed", True, False), ("held_out", False, False)]
)
def test_labels_are_asked_for_where_those_of_the_predicted_rows_are_not_known(
    rows: Literal["held_out", "replayed"], known: bool, told: bool
) -> None:
    gate = read_gate(book(skilled(0.6, 0.5, 0.7, "held_out")))
    assert gate.symptom.skill is not None
    seen = replace(gate, symptom=replace(gate.symptom, skill=replace(gate.symptom.skill, rows=rows)))
    left = Left(labels_known=known)
    assert ("takes their labels" in headline(seen, (), "healthy", left=left)) is told
    assert bool(judging(seen.symptom, "healthy", left)) is told


def test_skill_of_evaluation_mode_says_nothing_of_predictions_in_training_mode() -> None:
    symptom = SymptomFacts(replace(VARIED, skill=SKILL_KNOWN), None, None, None)
    modes = ModeFacts(False, True, 0.5, 0.5, 0.9, 0.9, None, None, None, None, served_in_training=True)
    lost = replace(modes, served_spread=0.05, evaluation_spread=0.5)
    kept = replace(modes, served_spread=0.4, evaluation_spread=0.5)
    assert read_gate(Book({SymptomFacts: symptom, ModeFacts: lost}, {}, {})).problem == "unknown"
    assert read_gate(Book({SymptomFacts: symptom, ModeFacts: kept}, {}, {})).problem == "none"
    memory = MemoryFacts(("Net.kept",), 50, 1, 0.0, 0.5, own_share=-0.1)
    assert read_gate(Book({SymptomFacts: symptom, MemoryFacts: memory}, {}, {})).problem == "remembered"
