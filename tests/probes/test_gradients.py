from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Missing
from defib.probes.gradients import PROBE, GradientFacts, _is_layer
from defib.subject import Gradient, NotAvailable, Parameter, Rows, Subject

from .fakes import EMPTY, FakeSubject, dense, small


def facts(subject: Subject) -> GradientFacts:
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, GradientFacts)
    return found


def test_rms_per_layer_and_slope_by_hand() -> None:
    subject = small("sigmoid", "sigmoid", "sigmoid", "sigmoid", n_updates=5)
    assert subject.training is not None
    assert subject.training.y is not None
    one = facts(subject)
    gradients = subject.gradients(subject.training.X, subject.training.y, moment="initial")
    by_hand = [
        float(np.sqrt(np.mean(np.square(g.values)))) for g in gradients if g.values is not None and g.values.ndim == 2
    ]
    assert [layer.initial_rms for layer in one.layers] == pytest.approx(by_hand)
    assert one.first_over_last_initial == pytest.approx(by_hand[0] / by_hand[-1])
    towards_input = np.polyfit([3, 2, 1, 0], np.log10(by_hand), 1)[0]
    assert one.per_decade == pytest.approx(towards_input)
    assert not one.zero_initial
    assert not one.nan


def test_a_deep_sigmoid_stack_decays_geometrically_and_tanh_does_not() -> None:
    deep = facts(small(*["sigmoid"] * 7, width=32, n_updates=1))  # type: ignore[arg-type]
    fine = facts(small(*["tanh"] * 6, "sigmoid", width=32, n_updates=1))  # type: ignore[arg-type]
    assert deep.per_decade is not None
    assert fine.per_decade is not None
    assert deep.per_decade < -0.4
    assert abs(fine.per_decade) < 0.2


def test_a_softmax_over_one_unit_has_no_gradient_at_all() -> None:
    one = facts(small("relu", "softmax", loss="ce", y=np.ones(120)))
    assert one.zero_initial
    assert one.zero_end
    assert one.first_over_last_initial is None
    assert one.per_decade is None


def test_dead_hidden_units_leave_only_the_bias() -> None:
    X = np.abs(np.random.default_rng(0).normal(size=(60, 4)))
    subject = small("relu", "sigmoid", X=X, n_updates=1)
    end = subject._networks["end"]
    from dataclasses import replace

    subject._networks["end"] = (replace(end[0], weights=-np.abs(end[0].weights), bias=-np.ones(8)), end[1])
    one = facts(subject)
    assert one.only_bias_end
    assert one.zero_hidden_end
    assert not one.zero_end


def test_unreachable_and_nan() -> None:
    w = np.ones((2, 1))
    parameters = tuple(Parameter(f"{name}.w", name, w, w, True, True) for name in ("a", "b"))
    answers = (Gradient("a.w", None), Gradient("b.w", np.array([[np.nan], [0.0]])))
    X = np.ones((5, 2))
    steps = [(dense("a", np.ones((2, 2)))), dense("b", w)]
    one = facts(FakeSubject(steps, X, X[:, 0], parameters=parameters, gradients={"initial": answers, "end": answers}))
    assert one.unreachable == ("a.w",)
    assert one.nan
    assert [layer.layer for layer in one.layers] == ["a", "b"]


def test_what_it_needs() -> None:
    subject = small("sigmoid")
    subject.training = Rows(np.ones((4, 4)))
    with pytest.raises(Missing, match="the labels"):
        facts(subject)
    with pytest.raises(NotAvailable, match="the loss"):
        facts(FakeSubject([dense("a", np.ones((2, 1)))], np.ones((4, 2)), np.ones(4)))


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("gru/kernel", True),
        ("gru/bias", False),
        ("attention/query/kernel", True),
        ("attention/query/bias", False),
        ("own_layer_w", True),
    ],
)
def test_biases_with_two_axes_are_no_kernels(name: str, kernel: bool) -> None:
    values = np.zeros((2, 24))
    assert _is_layer(Parameter(name, "gru", values, values, True, True), {}) == kernel
