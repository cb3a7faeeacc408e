"""Numbers and facts as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from defib.diagnosis import Fix, Hypothesis, Trial
from defib.symptom import Skill, Symptom
from defib.wording import percent, score

ROWS = {
    "held_out": "on {n:,} rows it was not trained on",
    "replayed": "on {n:,} rows left out of a replay of the training",
    "training": "on the {n:,} rows it was trained on, which shows what it memorized",
}
KINDS = {
    "probability": "the probability",
    "classes": "the probabilities, largest over classes",
    "multilabel": "the probabilities, largest over columns",
    "value": "the value, in standard deviations of y where y is known",
    "logit": "the raw output",
}


def number(value: float) -> str:
    """A figure as people write it: three significant digits, thousands apart, whole numbers whole.

    >>> [number(v) for v in (1.0, 0.12345, 12345.678, 2.5e-9, float("inf"), float("nan"), -0.0)]
    ['1', '0.123', '12,346', '2.5e-09', 'infinite', 'not a number', '0']
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0:
        return "0"
    if abs(value) >= 1e7:
        return f"{value:.3g}"
    if abs(value) >= 1000 or (float(value).is_integer() and abs(value) >= 1):
        return f"{value:,.0f}"
    return f"{value:.3g}"


TOLD = 0.01
"""Share of the rows at the median below which it tells nothing."""
FLAGS = frozenset({"dead_before_training", "gradient_zero_at_start"})
"""Numbers of assessments that are 1 for yes and 0 for no."""


def number_text(name: str, value: float) -> str:
    """A measured number as its name asks for it: a share in per cent, a flag as a word.

    >>> number_text("dead_fraction", 0.5), number_text("gradient_zero_at_start", 1.0), number_text("scale_max", 12.0)
    ('50 %', 'yes', '12')
    """
    if name in FLAGS:
        return "yes" if value else "no"
    if name.endswith("_fraction") and 0 <= value <= 1:
        return percent(value)
    return number(value)


SAID: Final = {
    "column_sd_ratio": "largest column sd over the smallest",
    "detectable_auc": "least AUC that so few rows would show",
    "detectable_r2": "least R² that so few rows would show",
    "first_over_last_gradient": "gradient, first layer over last",
    "hard_label_share": "share of the rows given one class",
    "largest_class_prior": "share of the largest class",
    "largest_column_rms": "largest column, root mean square",
    "largest_first_update_relative": "first update over the weights' size",
    "learning_rate_over_usual": "learning rate over the usual one",
    "log10_per_layer": "powers of ten per layer",
    "logit_spread": "spread of the logits",
    "loss_spike": "largest loss over the first",
    "median_relative_change": "change of the weights over their size",
    "nan_at_update": "updates before the loss is NaN",
    "narrowest_units": "units of the narrowest layer",
    "offset_over_sd": "largest column mean over its sd",
    "permuted_auc": "AUC with permuted labels",
    "permuted_r2": "R² with permuted labels",
    "reference_auc": "AUC of the reference learner",
    "reference_r2": "R² of the reference learner",
    "relative_update_per_step": "update per step over the weights' size",
    "row_correlation_at_start": "correlation of the rows at the start",
    "relative_spread_at_start": "spread of the rows at the start",
    "shift_sd": "shift of the columns, in sd",
    "spread_served_over_training": "spread served over spread trained on",
}
"""Names of numbers that would be no words by themselves; the JSON report keeps the names."""
CAPITALS: Final = {"auc": "AUC", "nan": "NaN", "rms": "root mean square", "l2": "L2", "r2": "R²"}


def number_name(name: str) -> str:
    """The name of a measured number as words.

    >>> number_name("dead_fraction"), number_name("auc_after"), number_name("log10_per_layer")
    ('dead fraction', 'AUC after', 'powers of ten per layer')
    """
    return SAID.get(name) or " ".join(CAPITALS.get(word, word) for word in name.split("_"))


def place(layer: str) -> str:
    """Where a fault sits; a layer that is only numbered is called a layer.

    >>> place("fc1:relu"), place("2"), place("2.weight")
    ('fc1:relu', 'layer 2', 'layer 2.weight')
    """
    return f"layer {layer}" if layer[:1].isdigit() else layer


def interval_text(interval: tuple[float, float]) -> str:
    """An interval in brackets.

    >>> interval_text((0.51, 0.9))
    '[0.51, 0.90]'
    """
    return f"[{score(interval[0])}, {score(interval[1])}]"


def skill_text(skill: Skill) -> str:
    """The skill with its interval; ranks are told as an AUC.

    >>> skill_text(Skill("gini", 0.0, (-0.1, 0.1), 50, "held_out"))
    'AUC 0.50 [0.45, 0.55] (0.50 is chance) on 50 rows it was not trained on'
    """
    where = ROWS[skill.rows].format(n=skill.n_rows)
    if skill.metric == "gini":
        low, high = ((bound + 1) / 2 for bound in skill.interval)
        return f"AUC {(skill.value + 1) / 2:.2f} {interval_text((low, high))} (0.50 is chance) {where}"
    return f"R² {score(skill.value)} {interval_text(skill.interval)} (0 is the mean) {where}"


def usable_text(value: float, interval: tuple[float, float] | None) -> str:
    """How much the outputs tell as they stand.

    >>> usable_text(0.034, (-0.01, 0.08))
    'taken as they stand, not only as a ranking: 0.03 [-0.01, 0.08] (0 is a constant, 1 is right on every row)'
    """
    shown = f"{value:z.2f}" + (f" {interval_text(interval)}" if interval is not None else "")
    return f"taken as they stand, not only as a ranking: {shown} (0 is a constant, 1 is right on every row)"


def symptom_facts(symptom: Symptom) -> list[str]:
    """The numbers of a symptom, one line each."""
    s = symptom
    if s.nan_fraction == 1:
        return [
            f"{s.n_rows:,} rows, not one of them a number",
            "skill was not assessed: there are no numbers to assess",
        ]
    if s.n_unique <= 1 and s.nan_fraction == 0:
        return [f"{s.n_rows:,} rows, all of them equal", *_skill_lines(s)]
    logit = f"; {number(s.logit_spread)} in logits" if s.logit_spread is not None else ""
    unit = " standard deviations" if s.output_kind == "value" else ""
    near = f"; {percent(s.mode_share)} lie within 0.001{unit} of the median" if TOLD <= s.mode_share < 1 else ""
    lines = [
        f"{s.n_rows:,} rows, {_different(s)}{near}",
        f"spread between rows {number(s.prediction_spread)} (standard deviation of {KINDS[s.output_kind]}){logit}",
    ]
    if s.nan_fraction > 0:
        lines.append(f"{percent(s.nan_fraction)} are NaN or infinite")
    if s.hard_label_share is not None and not (s.output_kind == "multilabel" and s.n_steps > 1):
        lines.append(_labelled(s.hard_label_share, s.output_kind, s.n_steps))
    if s.n_outputs > 1 and any(s.columns_flat):
        looked = len(s.columns_flat)
        of = f"{looked}" if looked == s.n_outputs else f"the first {looked} of {s.n_outputs:,}"
        lines.append(f"{sum(s.columns_flat)} of {of} output columns are flat")
    return [*lines, *_skill_lines(s)]


def _labelled(share: float, kind: str, steps: int = 1) -> str:
    """How often the label is given that is given most often: a class, or of outputs that are tags, a set of them.

    >>> _labelled(0.64, "classes"), _labelled(0.22, "classes"), _labelled(0.11, "multilabel")
    ('64 % of the rows are given the same class', 'no class is given to more than 22 % of the rows', \
'no set of labels is given to more than 11 % of the rows')
    """
    what, of = "set of labels" if kind == "multilabel" else "class", "rows" if steps == 1 else "steps of the rows"
    if share > 0.5:
        return f"{percent(share)} of the {of} are given the same {what}"
    return f"no {what} is given to more than {percent(share)} of the {of}"


def _skill_lines(s: Symptom) -> list[str]:
    """How much they tell; that one value for all rows ranks none of them goes without saying."""
    if s.skill is None:
        return ["skill was not assessed: it needs labels of these rows"]
    if s.n_unique <= 1 and s.skill.metric == "gini" and s.skill.value == 0:
        return []
    usable = s.skill.usable if not s.is_flat else None
    return [skill_text(s.skill), *([usable_text(usable, s.skill.usable_interval)] if usable is not None else [])]


def _different(symptom: Symptom) -> str:
    """How many of the rows' predictions are different ones; what only rounding tells apart is called equal above."""
    if symptom.pattern == "identical":
        return "equal but for their last digits"
    return "all different" if symptom.n_unique == symptom.n_rows else f"{symptom.n_unique:,} different values"


def named(codes: Sequence[str]) -> str:
    """Causes by name and code; a code that this version does not know stands alone.

    >>> named(["DF401", "XX1"])
    'dead-relus (DF401), XX1'
    """
    from defib.catalogue import CAUSES, load

    return ", ".join(f"{load(code).name} ({code})" if code in CAUSES else code for code in codes)


def fixes_of(code: str) -> tuple[str, ...]:
    """Interventions on the cause's page; none for a code that this version does not know."""
    from defib.catalogue import CAUSES, load

    return load(code).fixes if code in CAUSES else ()


def stage_of(code: str) -> str:
    """The stage of a cause; nothing for a code that this version does not know."""
    from defib.catalogue import CAUSES, load

    return load(code).stage if code in CAUSES else ""


def look_alikes_first(ruled_out: Sequence[Hypothesis], causes: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Causes that are easily taken for the one that was found stand first; otherwise the order is kept."""
    alike = look_alikes_of(causes)
    return sorted(ruled_out, key=lambda one: one.code not in alike)


def look_alikes_of(causes: Sequence[Hypothesis]) -> tuple[str, ...]:
    """Codes of what is easily taken for the leading cause."""
    from defib.catalogue import CAUSES, load

    return load(causes[0].code).look_alikes if causes and causes[0].code in CAUSES else ()


def seeds_clause(fix: Fix, trials: Sequence[Trial]) -> str:
    """Whether the fix was tried, and with how many seeds.

    >>> seeds_clause(Fix(("relu-he",), False, "", ""), [])
    'not tried here'
    """
    tried = next((trial for trial in trials if trial.changes == fix.interventions), None)
    if tried is None:
        return "tried against the control" if fix.verified else "not tried here"
    seeds = "1 seed" if len(tried.seeds) == 1 else f"{len(tried.seeds)} seeds"
    if fix.verified:
        return f"verified: tried against the control with {seeds}, on rows not trained on"
    if tried.undecided:
        return f"tried with {seeds}, which does not prove it"
    if tried.partial:
        return f"tried with {seeds}: it helps, but is not enough alone"
    return f"tried with {seeds}: not enough alone"
