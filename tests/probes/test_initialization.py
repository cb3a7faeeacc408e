from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from defib.adapters.torch import subject_from_model
from defib.evidence import Missing
from defib.probes.gradients import kernel_places
from defib.probes.initialization import PROBE, InitializationFacts, _plain_tables
from defib.probes.looking import is_kernel
from defib.subject import Layer, LayerOutput, Parameter, Subject

from .fakes import EMPTY, FakeSubject, Step, dense, small

RNG = np.random.default_rng(0)


def facts(subject: Subject) -> InitializationFacts:
    found = PROBE.measure(subject, EMPTY)
    assert isinstance(found, InitializationFacts)
    return found


def test_glorot_weights_have_a_ratio_of_one() -> None:
    one = facts(small("tanh", "tanh", "sigmoid", width=64, d=64))
    assert [layer.layer for layer in one.layers] == ["dense_0", "dense_1", "dense_2"]
    assert one.layers[0].ratio == pytest.approx(1.0, abs=0.05)
    assert one.layers[0].he_sd == pytest.approx(np.sqrt(2 / 64))
    assert one.zero_layers == ()
    assert not one.hidden_symmetric
    relu = facts(small("relu", "sigmoid", width=64, d=64))
    assert relu.layers[0].ratio == pytest.approx(np.sqrt(2 / 128) / np.sqrt(2 / 64), abs=0.05)


def test_zero_and_symmetric_hidden_layers() -> None:
    subject = small("relu", "sigmoid")
    start = subject._networks["initial"]
    subject._networks["initial"] = (replace(start[0], weights=np.zeros((4, 8))), start[1])
    one = facts(subject)
    assert one.zero_layers == ("dense_0",)
    assert one.hidden_symmetric
    columns = np.tile(RNG.normal(size=(4, 1)), (1, 8))
    subject._networks["initial"] = (replace(start[0], weights=columns), start[1])
    one = facts(subject)
    assert one.symmetric_layers == ("dense_0",)
    assert one.hidden_symmetric


def test_a_zero_head_is_no_symmetric_hidden_layer() -> None:
    subject = small("relu", "sigmoid")
    start = subject._networks["initial"]
    subject._networks["initial"] = (start[0], replace(start[1], weights=np.zeros((8, 1))))
    one = facts(subject)
    assert one.zero_layers == ("dense_1",)
    assert not one.hidden_symmetric


@pytest.mark.parametrize(("framework", "shape"), [("torch", (8, 3, 5, 5)), ("keras", (5, 5, 3, 8))])
def test_fans_of_convolutions(framework: str, shape: tuple[int, ...]) -> None:
    kernel = RNG.normal(size=shape)
    if framework == "torch":
        kernel[3] = kernel[0]
    steps: list[Step] = [(Layer("c", "conv", units=8, parameters=("k",)), lambda v: v)]
    steps.append((Layer("a", "activation", "relu"), lambda v: v))
    parameters = (
        Parameter("k", "c", kernel, kernel, True, True),
        Parameter("b", "c", np.ones(8), np.ones(8), True, True),
    )
    subject = FakeSubject(steps, RNG.normal(size=(4, 2)), framework=framework, parameters=parameters)  # type: ignore[arg-type]
    layer = facts(subject).layers[0]
    assert layer.fan_in == 75
    assert layer.bias_mean == 1.0
    assert layer.ratio == pytest.approx(kernel.std() / np.sqrt(2 / 75))
    assert not layer.identical_units


def test_a_single_weight_is_not_constant() -> None:
    subject = small("linear", X=RNG.normal(size=(30, 1)), y=RNG.normal(size=30), loss="mse")
    assert facts(subject).zero_layers == ()


def test_needs() -> None:
    with pytest.raises(Missing, match="the initial weights"):
        facts(FakeSubject([], np.ones((2, 2)), initial=False))
    with pytest.raises(Missing, match="a layer with a kernel"):
        facts(FakeSubject([], np.ones((2, 2))))


def test_parameters_that_are_added_are_no_layer() -> None:
    """A position's embedding, a class token and a scale may start at zero or one; a product's weights may not."""

    class Bare(torch.nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.position = torch.nn.Parameter(torch.zeros(4, 6))
            self.token = torch.nn.Parameter(torch.zeros(1, 1, 6))
            self.scale = torch.nn.Parameter(torch.ones(4, 6))
            self.product = torch.nn.Parameter(torch.randn(6, 6))
            self.unused = torch.nn.Linear(6, 6)
            self.out = torch.nn.Linear(6, 2)

        def forward(self, x: Any) -> Any:
            rows = torch.cat([self.token.expand(len(x), -1, -1), (x + self.position) * self.scale], 1)
            return self.out(rows.mean(1) @ self.product)

    X = np.random.default_rng(0).normal(size=(5, 4, 6)).astype(np.float32)
    places = kernel_places(subject_from_model(Bare(), X), X)
    assert list(places) == ["product", "out.weight", "unused.weight"]


@pytest.mark.parametrize(
    ("name", "kernel"),
    [("gru/kernel", True), ("gru/recurrent_kernel", True), ("gru/bias", False), ("attention.query.bias", False)],
)
def test_a_bias_with_two_axes_is_no_kernel(name: str, kernel: bool) -> None:
    values = np.zeros((2, 6), np.float32)
    assert is_kernel(Parameter(name, "gru", values, values, True, None)) is kernel


@pytest.mark.parametrize(("start", "end", "plain"), [(0.0, 0.0, True), (0.0, 1.0, False), (1.0, 1.0, False)])
def test_a_table_with_one_vector_for_all_tokens(start: float, end: float, plain: bool) -> None:
    drawn = RNG.normal(size=(20, 4))
    step = LayerOutput(Layer("words", "embedding", parameters=("words.weight",)), np.zeros((2, 3, 4)))
    table = Parameter("words.weight", "words", drawn * start, drawn * end, False, None)
    assert _plain_tables([step], (table,)) == (("words",) if plain else ())


@pytest.mark.parametrize(("low", "offset"), [(-1.0, 0.3), (0.0, 32.0)], ids=["around 0", "above it"])
def test_how_far_off_zero_the_sums_lie(low: float, offset: float) -> None:
    kernels = {"hidden": RNG.uniform(low, 1.0, (64, 64)), "head": RNG.normal(size=(64, 1))}
    steps = [dense(name, kernel) for name, kernel in kernels.items()]
    parameters = tuple(Parameter(f"{name}.w", name, one, one, True, True) for name, one in kernels.items())
    layer = facts(FakeSubject(steps, RNG.random((20, 64)), parameters=parameters)).layers[0]
    assert layer.layer == "hidden"
    assert layer.offset == pytest.approx(offset, rel=0.05) if low == 0 else layer.offset < 2
