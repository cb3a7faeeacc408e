from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.probes.activations import PROBE, ActivationFacts
from defib.subject import Layer, Subject

from .fakes import EMPTY, FakeSubject, act, dense, small

RNG = np.random.default_rng(0)


def facts(subject: Subject) -> ActivationFacts:
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, ActivationFacts)
    return found


def relu(values: object) -> object:
    return np.maximum(np.asarray(values), 0)


def test_a_healthy_network_tells_rows_apart_everywhere() -> None:
    one = facts(small("relu", "tanh", "sigmoid"))
    assert one.first_equal_end is None
    assert one.first_dead_end is None
    assert one.first_equal_initial is None
    assert one.hidden_activations == ("relu", "tanh")
    assert [state.layer for state in one.end][:3] == ["dense_0", "dense_0:relu", "dense_1"]
    assert 0.9 < one.input_relative_spread <= 1


def test_a_slow_forward_collapse_is_located_at_the_start() -> None:
    one = facts(small(*["sigmoid"] * 9, width=64, n_updates=1))  # type: ignore[arg-type]
    assert one.first_equal_initial is not None
    assert one.first_equal_initial.startswith(("dense_3", "dense_4", "dense_5", "dense_6"))
    spreads = [state.relative_spread for state in one.initial if state.activation == "sigmoid"]
    assert spreads == sorted(spreads, reverse=True)
    assert one.initial[-1].row_correlation == pytest.approx(1.0)


def test_a_dead_layer_is_named_with_the_moment() -> None:
    subject = small("relu", "relu", "sigmoid")
    end = subject._networks["end"]
    subject._networks["end"] = (end[0], replace(end[1], bias=np.full(8, -1e3)), end[2])
    one = facts(subject)
    assert one.first_dead_end == "dense_1:relu"
    assert one.first_equal_end == "dense_1:relu"
    assert one.first_dead_initial is None
    state = next(s for s in one.end if s.layer == "dense_1:relu")
    assert (state.dead_fraction, state.relative_spread, state.row_correlation) == (1.0, 0.0, 1.0)


def test_saturation_of_a_hidden_layer_counts_and_a_confident_head_does_not() -> None:
    subject = small("tanh", "sigmoid")
    end = subject._networks["end"]
    hidden = (replace(end[0], weights=end[0].weights * 1e4), end[1])
    subject._networks["end"] = hidden
    assert facts(subject).first_saturated_end == "dense_0:tanh"
    subject._networks["end"] = (end[0], replace(end[1], weights=end[1].weights * 1e4))
    assert facts(subject).first_saturated_end is None
    subject._networks["end"] = (end[0], replace(end[1], bias=np.array([50.0])))
    assert facts(subject).first_saturated_end == "dense_1:sigmoid"


def test_constant_inputs_are_not_the_networks_fault() -> None:
    subject = FakeSubject([dense("d", np.ones((3, 2)))], np.ones((6, 3)))
    one = facts(subject)
    assert one.input_constant
    assert one.first_equal_end is None or one.input_relative_spread == 0


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_units_of_feature_maps_are_channels(framework: str) -> None:
    maps = np.abs(RNG.normal(size=(10, 6, 6, 4)))
    maps[..., 1] = 0
    X = np.moveaxis(maps, -1, 1) if framework == "torch" else maps
    steps = [(Layer("c", "conv", units=4), lambda v: v), act("c:relu", "relu", lambda v: np.maximum(v, 0))]
    one = facts(FakeSubject(steps, X, framework=framework))  # type: ignore[arg-type]
    assert one.end[1].dead_fraction == 0.25


def test_sequences_keep_their_last_axis_in_every_framework() -> None:
    values = np.abs(RNG.normal(size=(10, 7, 4)))
    values[..., 0] = 0
    steps = [(Layer("r", "recurrent"), lambda v: v), act("a", "relu", lambda v: v)]
    assert facts(FakeSubject(steps, values, framework="torch")).end[1].dead_fraction == 0.25


def test_nan_rows_are_left_out_and_all_nan_is_said() -> None:
    X = RNG.normal(size=(20, 3))
    X[4] = np.nan
    one = facts(FakeSubject([dense("d", np.ones((3, 2)))], X))
    assert np.isfinite(one.end[0].row_spread)
    nothing = facts(FakeSubject([dense("d", np.full((3, 2), np.nan))], RNG.normal(size=(20, 3))))
    assert np.isnan(nothing.end[0].row_spread)
    assert nothing.first_equal_end is None


def test_tokens_one_row_and_large_maps_pass() -> None:
    table = RNG.normal(size=(50, 8))
    steps = [(Layer("e", "embedding"), lambda v: table[v])]
    assert facts(FakeSubject(steps, RNG.integers(0, 50, (9, 12)))).end[0].relative_spread > 0.5
    facts(FakeSubject([dense("d", np.ones((3, 2)))], np.ones((1, 3))))
    big = RNG.normal(size=(64, 128, 128, 8)).astype(np.float32)
    steps = [(Layer("c", "conv"), lambda v: v), act("a", "relu", lambda v: np.maximum(v, 0))]
    assert facts(FakeSubject(steps, big)).end[1].dead_fraction == 0.0


def test_initial_is_empty_when_unknown() -> None:
    assert facts(FakeSubject([dense("d", np.ones((3, 2)))], RNG.normal(size=(5, 3)), initial=False)).initial == ()
