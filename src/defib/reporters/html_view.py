"""What the HTML report shows of one diagnosis, as plain values and drawings for the template; nothing is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from defib.diagnosis import Diagnosis, Hypothesis, Trial
from defib.reporters.background import Behind
from defib.reporters.charts import bar, columns, curve, dots, log_share, scale_line, whisker
from defib.reporters.figures.outputs import middle
from defib.reporters.parts import (
    control_first,
    effect_text,
    legend,
    measured,
    per_seed,
    trials_title,
    verdict_text,
)
from defib.reporters.words import number, number_name, number_text, place
from defib.symptom import Symptom
from defib.wording import column

MOST_COLUMNS = 1024
"""Input columns that are drawn one by one; more are pixels, whose figures stand in the table."""
DRAWN = frozenset({"LookFacts", "OutputHistograms"})
"""Evidence that is drawn and would say nothing as a list of figures."""
ROWS_KEPT = {
    "training": "training rows kept",
    "prediction": "predicted rows kept",
    "held_out": "rows not trained on, kept",
}
MOST_VALUES = 12
"""Values of a list that are written out in the table of evidence."""


def value_chart(symptom: Symptom) -> dict[str, Any] | None:
    """The constant on its axis, with the prior; one row per class when there are several."""
    s = symptom
    if s.constant is None:
        return None
    if s.output_kind == "probability" and len(s.constant) == 1:
        marks = [("constant", s.constant[0], f"{middle(s)}: {number(s.constant[0])}")]
        prior = s.prior[-1] if s.prior is not None and len(s.prior) == 2 else None
        if prior is not None:
            marks.insert(0, ("prior", prior, f"the share of class 1 in the labels: {number(prior)}"))
        return {
            "line": scale_line(marks, 0.0, 1.0, "; ".join(words for _, _, words in marks)),
            "marks": marks,
            "classes": (),
        }
    if s.output_kind in ("classes", "multilabel"):
        prior_of = dict(enumerate(s.prior or ()))
        rows = [_class_row(index, value, prior_of.get(index)) for index, value in enumerate(s.constant)]
        return {"line": None, "marks": (), "classes": rows}
    return None


def _class_row(index: int, value: float, prior: float | None) -> dict[str, Any]:
    return {
        "name": str(index),
        "value": number(value),
        "bar": bar(value, f"constant {number(value)}"),
        "prior": "" if prior is None else number(prior),
        "prior_bar": None if prior is None else bar(prior, f"share in the labels {number(prior)}", "start"),
    }


def layers(behind: Behind, first_equal: str | None) -> list[dict[str, Any]]:
    """Every layer with the distinguishability of the rows at both moments."""
    facts = behind.evidence.get("ActivationFacts")
    initial = {state.layer: state for state in getattr(facts, "initial", ())}
    return [
        {
            "name": place(state.layer),
            "kind": state.activation or state.kind,
            "start": _spread_bar(initial.get(state.layer), "start"),
            "end": _spread_bar(state, "end"),
            "note": _state_note(state),
            "first": state.layer == first_equal,
        }
        for state in getattr(facts, "end", ())
    ]


def _spread_bar(state: Any, kind: str) -> dict[str, Any] | None:
    if state is None:
        return None
    words = number(state.relative_spread)
    return {"text": words, "bar": bar(log_share(state.relative_spread), f"relative spread of the rows {words}", kind)}


def _state_note(state: Any) -> str:
    shares = ((state.dead_fraction, "dead"), (state.saturated_fraction, "saturated"))
    return ", ".join(f"{100 * share:.0f} % {word}" for share, word in shares if share is not None and share > 0)


def loss_chart(behind: Behind) -> dict[str, Any] | None:
    """The training loss over the updates (or epochs) against the loss of the best constant."""
    facts = behind.evidence.get("TrainingFacts")
    prior = getattr(facts, "prior_loss", None)
    for name, unit in (("loss_per_update", "update"), ("loss_per_epoch", "epoch")):
        values = _floats(getattr(behind.trace, name, None))
        if len(values) > 1:
            some = any(map(math.isfinite, values))
            label = f"training loss, first {number(values[0])}, last {number(values[-1])}"
            nan_at = getattr(facts, "nan_at", None)
            return {
                "chart": curve(values, label, prior, f"recorded {unit}") if some else None,
                "unit": unit,
                "first": number(values[0]),
                "last": number(values[-1]),
                "prior": None if prior is None else number(prior),
                "nan_at": None if nan_at is None or not some else f"{nan_at + 1:,}",
                "total": f"{getattr(behind.trace, 'n_updates', 0) or len(values):,}",
            }
    return None


def input_chart(behind: Behind) -> dict[str, Any] | None:
    """The spread of every input column as it arrives at the network."""
    scales = behind.evidence.get("ColumnScales")
    means, sds = _floats(getattr(scales, "mean", None)), _floats(getattr(scales, "sd", None))
    if not sds or len(sds) > MOST_COLUMNS or len(means) != len(sds):
        return None
    names = getattr(scales, "names", ())
    low, high = _floats(getattr(scales, "minimum", None)), _floats(getattr(scales, "maximum", None))
    constant = [len(low) == len(sds) and low[index] == high[index] for index in range(len(sds))]
    words = [
        f"{column(index, names)}: mean {number(mean)}, "
        + ("constant" if constant[index] else f"sd {number(sds[index])}")
        for index, mean in enumerate(means)
    ]
    sizes = [0.0 if constant[index] else sd for index, sd in enumerate(sds)]
    label = f"standard deviation of {len(sds)} input columns, {number(min(sizes))} to {number(max(sizes))}"
    return {"chart": columns(sizes, label, words), "count": f"{len(sds):,}", "constant": sum(constant)}


def parameters(behind: Behind) -> list[dict[str, Any]]:
    """Every parameter: how far it moved, and the gradient of its layer at both moments."""
    gradients = {one.layer: one for one in getattr(behind.evidence.get("GradientFacts"), "layers", ())}
    return [
        {
            "name": move.name,
            "size": f"{move.size:,}",
            "moved": number(move.relative_change),
            "bar": bar(log_share(move.relative_change), f"moved by {number(move.relative_change)} of its size"),
            "why": "" if move.why_unmoved is None else number_name(str(move.why_unmoved)),
            "first": _maybe(move.first_update),
            "initial": _maybe(getattr(gradients.get(move.layer), "initial_rms", None)),
            "end": _maybe(getattr(gradients.get(move.layer), "end_rms", None)),
        }
        for move in getattr(behind.evidence.get("UpdateFacts"), "parameters", ())
    ]


def looks(behind: Behind) -> str:
    """What the maps over time show, and where it comes from."""
    facts = behind.evidence.get("LookFacts")
    if facts is None:
        return ""
    last = facts.updates[-1]
    far = "" if last >= facts.n_updates else f" of its {facts.n_updates:,}, as far as the time for it reached"
    return (
        "Rows are weights from the input down to the output, time runs to the right; ╳: exactly 0. The training was "
        f"replayed from its initial weights for {last:,} updates{far}."
    )


def paths(symptom: Symptom, behind: Behind) -> list[tuple[str, str]]:
    """Training rows against predict rows, and training mode against evaluation mode; what is NaN has no spread."""
    serving = behind.evidence.get("ServingFacts")
    modes = None if symptom.nan_fraction == 1 else behind.evidence.get("ModeFacts")
    chosen = (
        (serving, "n_rows", "rows served"),
        (serving, "unique_rows", "different rows served"),
        (serving, "shifted_fraction", "share of columns that do not follow the training rows"),
        (serving, "median_spread_ratio", "spread served over spread trained on (median over columns)"),
        (serving, "affine", "a map that turns the rows served into the rows trained on"),
        (serving, "training_rows_flat", "flat on its training rows"),
        (serving, "prediction_rows_flat", "flat on the rows served"),
        (modes, "train_spread", "spread in training mode, training rows"),
        (modes, "eval_spread", "spread in evaluation mode, training rows"),
    )
    shown = [(words, plain_value(getattr(source, name, None))) for source, name, words in chosen]
    return [(words, value) for words, value in shown if value]


def trials(tried: Sequence[Trial]) -> dict[str, Any] | None:
    """All arms, the control first: a dot per seed, and the effect with its interval."""
    if not tried:
        return None
    recovered = measured(tried)
    low, high = _range(value for trial in tried for value in per_seed(trial, recovered))
    reach = _range(value for trial in tried for value in (trial.effect, *(trial.interval or ())) if value is not None)
    rows = [_trial(trial, recovered, (low, high), reach) for trial in control_first(tried)]
    return {
        "title": trials_title(tried),
        "rows": rows,
        "what": "recovery" if recovered else "skill",
        "legend": legend(tried),
        "range": f"{low:.1f} to {high:.1f}",
        "reach": f"{reach[0]:.1f} to {reach[1]:.1f}",
    }


def _trial(trial: Trial, recovered: bool, ends: tuple[float, float], reach: tuple[float, float]) -> dict[str, Any]:
    values = per_seed(trial, recovered)
    text = " ".join(f"{value:z.2f}" for value in values)
    effect = effect_text(trial)
    return {
        "name": trial.intervention,
        "does": trial.does,
        "note": trial.note,
        "text": text,
        "dots": dots(values, "start" if trial.arm == "control" else "end", *ends, f"per seed: {text}"),
        "effect": effect,
        "whisker": None if trial.effect is None else whisker(trial.effect, trial.interval, *reach, f"effect {effect}"),
        "spread": " ".join(number(value) for value in trial.prediction_spread),
        "verdict": verdict_text(trial),
        "seeds": ", ".join(str(seed) for seed in trial.seeds),
    }


def _range(values: Iterable[float]) -> tuple[float, float]:
    """Ends of an axis that holds 0 and 1 and the values, but not beyond -1 and 2: dots further out stand at the end."""
    finite = [value for value in values if math.isfinite(value)]
    low = min([0.0, *finite])
    return max(-1.0, low) if low < -0.05 else 0.0, min(2.0, max([1.0, *finite]))


def hypothesis(one: Hypothesis) -> dict[str, Any]:
    """A cause with its sentence and all its numbers."""
    numbers = [(number_name(name), number_text(name, value)) for name, value in one.assessment.numbers.items()]
    return {"name": one.name, "code": one.code, "because": one.assessment.because, "numbers": numbers}


def evidence(behind: Behind) -> list[dict[str, Any]]:
    """Every figure that was measured, by the evidence it belongs to."""
    shown = []
    for name, one in behind.evidence.items():
        if is_dataclass(one) and name not in DRAWN:
            rows = [(number_name(field.name), plain_value(getattr(one, field.name, None))) for field in fields(one)]
            shown.append({"name": name, "rows": [(words, value) for words, value in rows if value]})
    return shown


def plain_value(value: object) -> str:
    """A figure, a word or a short list as text; empty for what is none of these.

    >>> plain_value(True), plain_value(0.12345), plain_value((1, 2)), plain_value(None)
    ('yes', '0.123', '1, 2', '')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number(float(value))
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)) and all(isinstance(one, (int, float, str)) for one in value):
        more = ", …" if len(value) > MOST_VALUES else ""
        return ", ".join(plain_value(one) for one in value[:MOST_VALUES]) + more
    return ""


def provenance(d: Diagnosis, behind: Behind, header: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Program, time, rows sampled, seeds, versions."""
    seeds = sorted({seed for trial in d.trials for seed in trial.seeds})
    rows = [
        ("program", " ".join(str(part) for part in header.get("argv", ()))),
        ("started", plain_value(header.get("started"))),
        ("platform", plain_value(header.get("platform"))),
        ("diagnosis took", f"{d.seconds:.1f} s"),
        ("training took", _seconds(behind)),
        *((ROWS_KEPT.get(name, name), _kept(rows)) for name, rows in behind.rows.items()),
        ("seeds of the trials", ", ".join(str(seed) for seed in seeds)),
        *d.versions.items(),
    ]
    return [(name, value) for name, value in rows if value]


def _seconds(behind: Behind) -> str:
    seconds = getattr(behind.trace, "seconds", 0.0)
    return f"{seconds:.1f} s" if seconds else ""


def _kept(rows: Mapping[str, Any]) -> str:
    """How many rows were looked at.

    >>> _kept({"kept": 20, "seen": 1000}), _kept({"kept": 20, "seen": 20})
    ('20 of 1,000', 'all 20')
    """
    kept, seen = int(rows.get("kept", 0)), int(rows.get("seen", 0))
    return f"all {kept:,}" if kept >= seen else f"{kept:,} of {seen:,}"


def _floats(values: Any) -> list[float]:
    """Numbers of an array, flattened; none where it is missing or was too large to record."""
    flat = values.reshape(-1).tolist() if hasattr(values, "reshape") else values
    return [float(value) for value in flat] if isinstance(flat, (list, tuple)) else []


def _maybe(value: float | None) -> str:
    return "" if value is None else number(value)
