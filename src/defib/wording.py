"""The sentences a Diagnosis opens and closes with. Words only; every number was measured elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from defib.diagnosis import Hypothesis
from defib.symptom import Skill, Symptom

if TYPE_CHECKING:
    from defib.gate import Gate

EQUALS = {
    "class_prior": "the class prior",
    "mean_of_y": "the mean of y",
    "one_half": "one half",
    "uniform": "1/K, the same for every class",
    "logit_zero": "logit 0",
    "low_end": "the low end of the output's range",
    "high_end": "the high end of the output's range",
    "zero": "zero",
    "exactly_one": "exactly one",
    "last_class": "the class of the last rows in the file",
}
NO_SIGNAL = "DF901"
LARGE_SCORE = 1000.0
"""R² of predictions that were thrown out of every range."""
TARGET_ENDS = {"low_end": "the smallest target", "high_end": "the largest target"}
HEAD_ENDS = {
    0.0: "zero, where a ReLU and a sigmoid end",
    1.0: "one, where a sigmoid and a tanh end",
    -1.0: "minus one, where a tanh ends",
}
"""What a value may have stopped at; whether a head ends there is for the causes to say."""
NEAR_END = 0.01
PATTERNS = {
    "identical": "identical for all {n} rows",
    "near_constant": "practically the same for all {n} rows",
    "noise_only": "the same for all {n} rows but for the noise of dropout",
    "nan": "not a number",
}


def number(value: float) -> str:
    """A figure as people write it: four significant digits.

    >>> number(0.123456), number(1.0), number(2.5e-9)
    ('0.1235', '1', '2.5e-09')
    """
    return f"{value:.4g}"


def listed(names: Sequence[str]) -> str:
    """Names as people list them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def score(value: float) -> str:
    """A skill or its end of an interval: two decimals; beyond a thousand only its size tells anything.

    >>> score(0.123), score(-12.3456), score(-5.17e84), score(-0.001)
    ('0.12', '-12.35', '-5.2e+84', '0.00')
    """
    return f"{value:z.2f}" if not abs(value) >= LARGE_SCORE else f"{value:.2g}"


def spread_text(symptom: Symptom) -> str:
    """The spread as it stands under Predictions, too: three significant digits."""
    return f"spread {symptom.prediction_spread:.3g}"


def metric_name(metric: str) -> str:
    """How reference learners are scored, as it is written.

    >>> metric_name("auc"), metric_name("r2")
    ('AUC', 'R²')
    """
    return "AUC" if metric == "auc" else "R²"


def percent(share: float) -> str:
    """A share in [0, 1]; never rounds a part up to the whole, nor down to nothing.

    >>> percent(0.5), percent(1.0), percent(0.9996), percent(0.001)
    ('50 %', '100 %', 'more than 99 %', 'less than 1 %')
    """
    if 0.99 < share < 1:
        return "more than 99 %"
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def constant_text(symptom: Symptom) -> str:
    """The constant, and the trivial predictor it equals."""
    if symptom.constant is None:
        return ""
    shown = ", ".join(number(value) for value in symptom.constant[:5])
    more = ", …" if len(symptom.constant) > 5 else ""
    text = f"[{shown}{more}]" if len(symptom.constant) > 1 else shown
    return f"{text} ({_equals_text(symptom)})" if symptom.equals else text


def _equals_text(symptom: Symptom) -> str:
    """A value has no range of its own: where a head that squashes ends, or else the ends of the targets."""
    assert symptom.equals is not None
    assert symptom.constant is not None
    if symptom.output_kind != "value" or symptom.equals not in TARGET_ENDS:
        return EQUALS[symptom.equals]
    near = [text for end, text in HEAD_ENDS.items() if all(abs(one - end) <= NEAR_END for one in symptom.constant)]
    return near[0] if near else TARGET_ENDS[symptom.equals]


def symptom_sentence(symptom: Symptom) -> str:
    """What the outputs show, without a full stop."""
    n = f"{symptom.n_rows:,}"
    if symptom.pattern == "nan":
        which = "All" if symptom.nan_fraction == 1 else f"{percent(symptom.nan_fraction)} of the"
        return f"{which} {n} predictions are NaN or infinite"
    if symptom.is_flat:
        how = PATTERNS[symptom.pattern].format(n=n)
        return f"The prediction is {how}: {constant_text(symptom)}"
    if symptom.pattern == "one_class":
        return f"All {n} rows get one class, though the probabilities differ ({spread_text(symptom)})"
    if symptom.pattern == "few_values":
        return f"{n} rows get only {symptom.n_unique:,} different predictions"
    return f"The predictions vary ({spread_text(symptom)} over {n} rows)"


def skill_clause(skill: Skill | None) -> str:
    """How much they know, as a clause.

    >>> skill_clause(Skill("gini", -0.1312, (-0.5, 0.3), 30, "replayed"))
    'AUC 0.43 on rows left out of a replay of the training'
    """
    if skill is None:
        return "how much they know was not assessed: it needs the labels"
    name = f"AUC {(skill.value + 1) / 2:.2f}" if skill.metric == "gini" else f"R² {score(skill.value)}"
    where = {
        "held_out": "on rows it was not trained on",
        "replayed": "on rows left out of a replay of the training",
        "training": "on the rows it was trained on",
    }[skill.rows]
    return f"{name} {where}"


@dataclass(frozen=True)
class Left:
    """What a healthy network leaves to learn: how far another model is ahead, and the fault that shows, if any."""

    ahead: str = ""
    """As a clause; empty where it is not ahead."""
    fault: str = ""
    code: str = ""
    because: str = ""
    labels_known: bool = False
    """Whether the predictions are of rows whose labels are known: the training rows, judged by others in a replay."""


NOTHING_LEFT = Left()


def headline(
    gate: Gate,
    causes: Sequence[Hypothesis],
    outcome: str,
    too_few: str = "",
    *,
    all_needed: bool = False,
    left: Left = NOTHING_LEFT,
) -> str:
    """Is it flat, and because of what: one or two sentences.

    ``too_few``: how many rows it would take to see a small effect, where these are too few to tell. ``all_needed``: of
    the causes that belong together each must be mended; else mending one is enough, and they are factors. ``left``:
    what a healthy one leaves to learn.
    """
    opening = symptom_sentence(gate.symptom)
    if outcome == "healthy":
        skill = gate.symptom.skill
        of_others = skill is not None and skill.rows == "replayed"  # not of the rows that these predictions are for
        knows = ", and what is learnt holds on new rows" if of_others else " and carry information about the row"
        return f"{opening}{knows}: {skill_clause(skill)}. {_health(skill, left)}"
    opening = f"{opening}{_but(gate, nothing_to_learn=bool(causes) and causes[0].code == NO_SIGNAL)}"
    if not causes:
        return f"{opening}. {_undecided(gate, too_few)}"
    best = causes[0]
    if best.indistinct:
        others = " or ".join(hypothesis.name for hypothesis in causes if hypothesis.code in best.indistinct)
        return f"{opening}, because of {best.name} (or {others}: nothing tells them apart): {best.assessment.because}."
    partners = [hypothesis.name for hypothesis in causes if hypothesis.code in best.tied_with]
    if partners:
        names = " and ".join([best.name, *partners])
        of = f"{names} together" if all_needed else f"the product of {names}"
        return f"{opening}, because of {of}: {best.assessment.because}."
    if gate.problem == "unknown" and outcome == "cause_found":
        return f"{opening}, and yet a fault shows ({best.name}): {best.assessment.because}."
    if outcome == "nothing_wrong":
        return f"{opening}. The network is not at fault ({best.name}): {best.assessment.because}."
    return f"{opening}, because of {best.name}: {best.assessment.because}."


def _but(gate: Gate, *, nothing_to_learn: bool) -> str:
    """What is wrong with predictions that vary; nothing is added to ones that do not."""
    symptom = gate.symptom
    skill, but = skill_clause(symptom.skill), "but" if symptom.pattern == "varied" else "and"
    said = {
        "weak": f"{_ranked(symptom).format(skill=skill)} {_little(symptom)}",
        "unsayable": f" and rank the rows ({skill}), but {_unsaid(symptom)}",
        "skewed": f", on rows that the network was not made for ({skill})",
        "remembered": ", but rows get what the network had computed of other rows",
        "shown": f", but what the program shows of them does not ({skill})",
        "untrained": f", {but} the training moved no weight: they are what chance gave it",
        "unskilled": f", {but} {_kept(symptom.skill, nothing_to_learn)} ({skill})",
    }
    return said.get(gate.problem, "")


def _unsaid(symptom: Symptom) -> str:
    if symptom.output_kind == "value":
        return "most of the values to predict lie beyond what it can say"
    return "some classes have no output"


def _kept(skill: Skill | None, nothing_to_learn: bool) -> str:
    """What is left on new rows of a network whose skill is none, or a fraction of another model's."""
    if skill is not None and skill.rows == "training" and nothing_to_learn:
        return "what was learnt is memorized"
    if skill is not None and skill.shown:
        return "the network learnt little of what another model learns"
    return "nothing the network learnt holds on new rows"


def _health(skill: Skill | None, left: Left) -> str:
    if skill is not None and skill.rows == "training":
        return "No fault shows; whether it holds on new rows takes labelled rows that it was not trained on."
    if left.ahead and left.fault:
        why = f"{left.fault} ({left.code}): {left.because}"
        return f"More can be learnt: {left.ahead}. What may hold the network back is {why}."
    if left.ahead:
        return f"No fault shows, but more can be learnt: {left.ahead}."
    if skill is not None and skill.rows == "replayed" and left.labels_known:
        return "No fault shows."
    if skill is not None and skill.rows == "replayed":
        return "No fault shows; whether these very predictions are right takes their labels."
    return "Nothing to repair."


def needs_labels(symptom: Symptom, outcome: str) -> bool:
    """Whether only labels are missing to judge by; of vectors of values (embeddings) nobody has any."""
    of_vectors = symptom.output_kind == "value" and symptom.n_outputs > 1
    return outcome == "undecided" and symptom.skill is None and not symptom.is_flat and not of_vectors


def judging(symptom: Symptom, outcome: str, left: Left = NOTHING_LEFT) -> tuple[str, ...]:
    """How to hold predictions against labels that were not seen, where nothing else is left to do."""
    skill = symptom.skill
    elsewhere = outcome == "healthy" and skill is not None and skill.rows == "replayed" and not left.labels_known
    if not (elsewhere or needs_labels(symptom, outcome)):
        return ()
    return (
        "where you have the labels of these rows, save both (np.save('p.npy', predictions), np.save('y.npy', labels)) "
        f"and type: {JUDGE}",
    )


def _ranked(symptom: Symptom) -> str:
    """Whose rows are ranked: those predicted, or others, where the labels of only those are known."""
    skill = symptom.skill
    others = skill is not None and skill.rows == "held_out" and skill.n_rows != symptom.n_rows
    if others or (skill is not None and skill.rows == "replayed"):
        return "; the network ranks other rows ({skill}), but these outputs tell"
    return " and rank the rows ({skill}), but as they stand tell"


def _little(symptom: Symptom) -> str:
    share = symptom.hard_label_share
    label = f": {percent(share)} of the rows get one class" if share is not None and 0.5 < share < 1 else ""
    if not label and symptom.logit_spread is not None:
        label = f": their logits have a standard deviation of {number(symptom.logit_spread)}"
    return f"hardly more than a constant would{label}"


def _undecided(gate: Gate, too_few: str) -> str:
    if too_few and gate.problem == "unskilled":
        return f"Undecided: the rows are too few to tell whether there is anything to learn; {too_few}."
    if gate.problem == "unknown":
        return "Whether they know anything about the rows was not assessed: it needs the labels."
    return "The cause is undecided: no mechanism was observed beyond doubt."


JUDGE = "defib predictions p.npy --labels y.npy"
"""What to type where only the labels of the predicted rows are missing."""
MORE, TIMES_MORE = 120.0, 4.0
"""Seconds of trials that are advised where fewer were not enough, and how many times those that were."""


def next_command(
    causes: Sequence[Hypothesis],
    outcome: str,
    unsettled: Sequence[Hypothesis] = (),
    holds_back: str = "",
    cut_short: float | None = None,
    *,
    needs_labels: bool = False,
) -> str:
    """What to type next; ``unsettled``: causes that a larger budget would not settle, likeliest first.

    ``holds_back``: name of the fault of a network that learns all the same. ``cut_short``: seconds of a budget that
    ended before a fix was proven or a cause found. ``needs_labels``: only they are missing.
    """
    if cut_short is not None:
        return f"defib run --budget {max(MORE, TIMES_MORE * cut_short):.0f} script.py"
    if causes:
        return f"defib explain {causes[0].name}"
    if needs_labels:
        return JUDGE
    if outcome == "undecided":
        return f"defib explain {unsettled[0].name}" if unsettled else f"defib run --budget {MORE:.0f} script.py"
    return f"defib explain {holds_back}" if holds_back else "defib run --fail-on flat script.py"


def column(index: int, names: Sequence[str] = ()) -> str:
    """A column as it is told: its number from 0, and its name where it has one.

    >>> column(3), column(1, ("age", "area"))
    ('column 3', "column 1 'area'")
    """
    return f"column {index}" + (f" {names[index]!r}" if index < len(names) else "")
