"""A random code's capacity against the closed form of a Gaussian channel, and where a code is looked for."""

from __future__ import annotations

import numpy as np
import pytest

from defib.probes.code import NO_CODE, PROBE, CodeFacts
from defib.subject import FloatArray, Layer

from .fakes import EMPTY, FakeSubject, Step, dense

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
GAINS = np.array([1.0, 0.5, 0.0])


def noise(name: str, kind: str = "merge", sd: float = 1.0) -> Step:
    rng = np.random.default_rng(1)
    layer = Layer(name, kind)  # type: ignore[arg-type]
    return layer, lambda values: values + sd * rng.normal(size=values.shape)


def facts(*steps: Step, rows: FloatArray = X) -> CodeFacts:
    quiet = [step for step in steps if not step[0].name.startswith("z")]
    found = PROBE.measure(FakeSubject(quiet, rows, training_steps=steps), EMPTY)
    assert isinstance(found, CodeFacts)
    return found


HEAD = dense("head", RNG.normal(size=(3, 1)))
ENCODER = dense("encoder", np.diag(GAINS))


@pytest.mark.parametrize("sd", [0.5, 1.0, 2.0])
def test_the_capacity_of_a_gaussian_channel(sd: float) -> None:
    """Σ ½ ln(1 + gain² / noise²) for rows of variance 1, whose sample variance is taken as it is."""
    found = facts(ENCODER, noise("z", sd=sd), HEAD)
    variance = X[np.linspace(0, 399, 128).round().astype(int)].var(axis=0)
    expected = 0.5 * np.log1p(GAINS**2 * variance / sd**2).sum()
    assert found.layer == "z"
    assert found.units == 3
    assert found.nats_end == pytest.approx(expected, rel=0.06, abs=0.02)
    assert found.nats_initial == pytest.approx(expected, rel=0.06, abs=0.02)


def test_a_code_of_noise_alone_holds_nothing() -> None:
    found = facts(dense("encoder", 0.01 * np.eye(3)), noise("z"), HEAD)
    assert found.nats_end < 0.02


def test_rows_that_meet_are_no_noise() -> None:
    """Time along the rows, as a recurrent layer reads them without ``batch_first``: copies of a row differ by place."""
    running = (Layer("rnn", "recurrent"), lambda values: np.tanh(np.cumsum(values, axis=0)))
    assert facts(ENCODER, running, HEAD) == NO_CODE


def test_of_several_steps_the_one_that_is_read_counts() -> None:
    first = (Layer("z1", "other"), lambda values: np.random.default_rng(2).normal(size=values.shape))
    rest = (Layer("z2", "merge"), lambda values: values + 1)
    assert facts(first, rest, HEAD).layer == "z2"


@pytest.mark.parametrize(
    "steps",
    [
        (ENCODER, HEAD),
        (ENCODER, noise("z", "dropout"), HEAD),
        (ENCODER, noise("z", "dropout"), noise("z_code"), HEAD),
        (ENCODER, HEAD, noise("z")),
    ],
)
def test_no_code(steps: tuple[Step, ...]) -> None:
    """Nothing is drawn, or by dropout, or nothing with weights reads it."""
    assert facts(*steps) == NO_CODE
