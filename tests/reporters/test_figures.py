"""Every figure's specification: what it shows, in which order, and that Vega-Lite takes it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import altair
import numpy as np
import pytest

from defib.diagnosis import Diagnosis
from defib.probes.histograms import OutputColumn, OutputHistograms
from defib.reporters.background import Background, Behind
from defib.reporters.figures import FIGURES, figures
from defib.reporters.figures.look import PAPER, on_paper
from defib.reporters.html import render
from defib.subject import TrainingTrace
from tests.reporters import recorded, samples

NAN = float("nan")


def drawn(kind: str, diagnosis: Diagnosis = samples.FLAT_DIAGNOSIS, behind: Behind = recorded.BEHIND) -> dict[str, Any]:
    figure = FIGURES[kind](diagnosis, behind)
    assert figure is not None
    return figure.spec


def values(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The data of the first layer with this mark."""
    for layer in spec["layer"]:
        kind = layer.get("mark")
        if (kind["type"] if isinstance(kind, dict) else kind) == mark:
            found: list[dict[str, Any]] = layer.get("data", spec.get("data"))["values"]
            return found
    raise AssertionError(f"no {mark} in {spec}")


def with_evidence(**evidence: Any) -> Behind:
    return replace(recorded.BEHIND, evidence={**recorded.BEHIND.evidence, **evidence})


@pytest.mark.parametrize("kind", FIGURES)
def test_vega_lite_takes_it(kind: str) -> None:
    """Held to the official schema by Altair."""
    spec = drawn(kind)
    altair.Chart.from_dict(on_paper({**spec, "width": 600}), validate=True)
    json.dumps(spec, allow_nan=False)
    assert "var(" not in json.dumps(on_paper(spec))
    assert set(PAPER) >= {part for part in json.dumps(spec).split('"') if part.startswith("var(")}


def test_the_constant_and_the_prior_stand_on_the_histogram() -> None:
    spec = drawn("predictions")
    (bar,) = values(spec, "bar")
    assert (bar["from"], bar["to"], bar["share"], bar["rows"]) == (0.625, 0.65, 1.0, 114)
    assert [(one["what"], one["at"]) for one in values(spec, "rule")] == [
        ("share of class 1 in the labels: 0.627", 0.6274),
        ("the constant: 0.627", 0.6274),
    ]


def test_rows_of_one_class_have_a_median_and_no_constant() -> None:
    spec = drawn("predictions", replace(samples.FLAT_DIAGNOSIS, symptom=replace(samples.FLAT, pattern="one_class")))
    assert values(spec, "rule")[-1]["what"] == "median prediction: 0.627"


def test_classes_have_a_line_each() -> None:
    symptom = replace(
        samples.FLAT, constant=(0.2, 0.3, 0.5), prior=(0.5, 0.25, 0.25), n_outputs=3, output_kind="classes"
    )
    spec = drawn("predictions", replace(samples.FLAT_DIAGNOSIS, symptom=symptom))
    found = [(one["class"], one["what"], one["value"]) for one in values(spec, "point")]
    assert found[:3] == [
        ("0", "share in the labels", 0.5),
        ("0", "the constant", 0.2),
        ("1", "share in the labels", 0.25),
    ]
    assert len(found) == 6


def test_layers_stand_in_the_order_of_the_network_and_the_first_equal_is_marked() -> None:
    spec = drawn("layers")
    assert spec["layer"][-1]["encoding"]["y"]["scale"]["domain"] == ["dense", "dense:relu", "layer 1"]
    assert spec["layer"][0]["data"]["values"][0]["layer"] == "dense:relu"
    found = {(one["layer"], one["what"]): one for one in spec["data"]["values"]}
    assert len(found) == 6
    dead = found["dense:relu", "at the end of the training"]
    assert (dead["spread"], dead["told"], dead["note"]) == (1e-8, "0", "100 % dead")


def test_the_loss_has_gaps_and_the_prior() -> None:
    spec = drawn("loss")
    line = values(spec, "line")
    assert [(one["update"], one["loss"]) for one in line] == [(1, 900.0), (2, 30.0), (3, None), (4, 0.66)]
    assert values(spec, "rule")[0]["loss"] == 0.66
    for layer in spec["layer"]:  # one legend for both, so that the dashed line has a name wherever the figure stands
        assert layer["encoding"]["color"]["scale"]["domain"] == ["training loss", "loss of the best constant: 0.66"]
    low, high = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < 0.66 < 900 < high
    assert spec["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"
    assert spec["params"] == [{"name": "zoom_from", "value": 1}, {"name": "zoom_to", "value": 4}]


def test_a_loss_that_never_was_a_number_is_no_empty_figure() -> None:
    trace = TrainingTrace(loss_per_update=np.full(40, NAN), n_updates=40)
    behind = replace(recorded.BEHIND, trace=trace)
    assert FIGURES["loss"](samples.FLAT_DIAGNOSIS, behind) is None
    text = render([samples.NAN], Background(behind=(behind,)))
    assert "training loss: not a number in any of its 40 updates" in text


def test_layers_that_hold_nan_are_not_drawn_as_equal() -> None:
    states = recorded.END[:2]
    lost = tuple(replace(one, relative_spread=NAN) for one in states)
    facts = recorded.activations((states[0], lost[1]), lost)
    spec = drawn(
        "layers", replace(samples.FLAT_DIAGNOSIS, first_equal_layer=None), with_evidence(ActivationFacts=facts)
    )
    assert [(one["layer"], one["what"]) for one in spec["data"]["values"]] == [("dense", "at the initial weights")]
    assert values(spec, "text") == [
        {"layer": "dense", "lost": "not a number at the end of the training"},
        {"layer": "dense:relu", "lost": "never a number"},
    ]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["dense", "dense:relu"]


def test_a_long_loss_is_thinned_and_keeps_its_spike() -> None:
    trace = TrainingTrace(loss_per_update=np.where(np.arange(10_000) == 4321, 99.0, 0.5), n_updates=10_000)
    line = values(drawn("loss", behind=replace(recorded.BEHIND, trace=trace)), "line")
    assert len(line) <= 1_300
    assert ("training loss", 4322, 99.0) in [(one["what"], one["update"], one["loss"]) for one in line]


def test_validation_loss_is_laid_over_the_updates() -> None:
    trace = TrainingTrace(
        loss_per_epoch=np.array([3.0, 2.0]), validation_loss_per_epoch=np.array([4.0, 5.0]), n_updates=101
    )
    line = values(drawn("loss", behind=replace(recorded.BEHIND, trace=trace)), "line")
    assert [(one["what"], one["update"]) for one in line] == [
        *(("training loss", 1), ("training loss", 101), ("validation loss", 1), ("validation loss", 101)),
    ]


def test_input_columns_constant_ones_apart() -> None:
    found = values(drawn("inputs"), "point")
    assert [(one["column"], one["what"], one["told"]) for one in found] == [
        (0, "column that varies", "1,000"),
        (1, "column that varies", "0.1"),
        (2, "constant column", "constant"),
    ]


def test_input_columns_are_numbered_once() -> None:
    """Two columns of a plot have two numbers, not five that are rounded to three."""
    (points, _) = drawn("inputs")["layer"]
    assert points["encoding"]["x"]["axis"]["values"] == [0, 1, 2]


def test_constant_columns_stand_below_every_number_of_the_axis() -> None:
    (points, _) = drawn("inputs")["layer"]
    (constant,) = [one["sd"] for one in values(drawn("inputs"), "point") if one["what"] == "constant column"]
    y = points["encoding"]["y"]
    assert y["scale"]["domain"][0] < constant < min(y["axis"]["values"])


def test_a_legend_of_one_entry_is_left_out() -> None:
    scales = recorded.BEHIND.evidence["ColumnScales"]
    apart = drawn("inputs", behind=with_evidence(ColumnScales=replace(scales, minimum=scales.mean - 1)))
    (points,) = [layer for layer in apart["layer"] if layer["mark"]["type"] == "point"]
    assert {points["encoding"][channel]["legend"] for channel in ("color", "shape")} == {None}
    assert "legend" not in drawn("inputs")["layer"][0]["encoding"]["color"]


def test_maps_over_time_tell_zero_from_little() -> None:
    spec = drawn("gradients")
    assert [(one["u"], one["l"], one["v"]) for one in values(spec, "rect")] == [
        *((0, "dense/kernel", 0.5), (0, "head/kernel", 2.0), (1, "dense/kernel", 0.01), (1, "head/kernel", 1.0)),
    ]
    assert [(one["u"], one["l"]) for one in values(spec, "text")] == [(4, "dense/kernel")]
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1, 4]


def test_a_map_of_nothing_but_zeros_has_no_scale_of_colours() -> None:
    looks = recorded.BEHIND.evidence["LookFacts"]
    still = replace(looks, gradient_rms=tuple((0.0,) * len(row) for row in looks.gradient_rms))
    (only,) = drawn("gradients", behind=with_evidence(LookFacts=still))["layer"]
    assert "color" not in only["encoding"]
    assert "exactly 0 after so many updates" in only["encoding"]["x"]["title"]


def test_without_looks_the_start_and_the_end_are_shown() -> None:
    evidence = {name: one for name, one in recorded.BEHIND.evidence.items() if name != "LookFacts"}
    behind = replace(recorded.BEHIND, evidence=evidence)
    assert [(one["what"], one["told"]) for one in values(drawn("gradients", behind=behind), "point")] == [
        ("at the initial weights", "0.5"),
        ("at the end of the training", "0"),
    ]
    assert FIGURES["updates"](samples.FLAT_DIAGNOSIS, behind) is None


def test_both_paths_are_laid_over_one_another() -> None:
    found = values(drawn("paths"), "bar")
    trained = [one for one in found if one["what"] == "training rows (150)"]
    assert len(trained) == 30
    assert sum(one["share"] for one in trained) == pytest.approx(1.0)
    same = OutputHistograms((0.0, 1.0), (OutputColumn((5,), 0.5),), 5, 0)
    assert FIGURES["paths"](samples.FLAT_DIAGNOSIS, with_evidence(OutputHistograms=same)) is None


def test_trials_have_a_dot_per_seed_and_their_interval_around_the_mean() -> None:
    spec = drawn("trials")
    dots = values(spec, "point")
    assert [one["arm"] for one in dots[::3]] == ["control", "standardize-inputs", "halve-depth"]
    assert len(dots) == 9
    bar = next(layer for layer in spec["layer"] if "x2" in layer["encoding"])["data"]["values"][0]
    mean = sum(samples.TREATED.recovery) / 3
    assert (bar["low"], bar["high"]) == (pytest.approx(mean - 0.99 + 0.93), pytest.approx(mean - 0.99 + 1.05))


def test_dots_beyond_the_axis_are_told() -> None:
    far = replace(samples.TREATED, recovery=(-7.0, 0.9, 1.0))
    title = "recovery: 0 = a constant, 1 = the reference learner"
    spec = drawn("trials", replace(samples.FLAT_DIAGNOSIS, trials=(samples.CONTROL, far)))
    titles = {layer["encoding"]["x"].get("title") for layer in spec["layer"]} - {None}
    assert titles == {f"{title}; dots at the edge lie beyond it"}
    assert {one["encoding"]["x"].get("title") for one in drawn("trials")["layer"]} - {None} == {title}


def test_a_trial_that_cannot_recover_shows_its_skill() -> None:
    blind = replace(samples.CONTROL, recovery=(NAN,) * 3)
    spec = drawn("trials", replace(samples.NOTHING_WRONG, trials=(blind,)))
    assert [one["value"] for one in values(spec, "point")] == [0.0, 0.01, -0.02]


@pytest.mark.parametrize("diagnosis", samples.EVERY, ids=lambda d: d.outcome)
def test_nothing_recorded_is_no_figure(diagnosis: Diagnosis) -> None:
    for kind, figure in figures(diagnosis, Behind()).items():
        assert kind in ("predictions", "trials")
        assert figure.label
        assert all(math.isfinite(figure.height) for _ in [figure])


@pytest.mark.parametrize(("initial", "align"), [(1e-7, "right"), (0.5, "center"), (1e-5, "right")])
def test_words_on_the_band_meet_no_dot(initial: float, align: str) -> None:
    one = recorded.END[-1]
    facts = recorded.activations((replace(one, relative_spread=initial),), (replace(one, relative_spread=0.0),))
    behind = replace(recorded.BEHIND, evidence={"ActivationFacts": facts})
    figure = FIGURES["layers"](replace(samples.FLAT_DIAGNOSIS, first_equal_layer=one.layer), behind)
    assert figure is not None
    (words,) = [layer for layer in figure.spec["layer"] if "layer" in layer]
    assert {layer["mark"]["align"] for layer in words["layer"]} == {align}
