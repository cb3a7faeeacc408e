"""Fixed arithmetic at the network's own door, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from defib.causes._scale import badly_scaled, is_squeezed
from defib.evidence import Book
from defib.interventions._scaling import min_max, z_score
from defib.probes.columns import ColumnScales
from defib.probes.door import DoorStep, door_step
from defib.probes.inputs import InputFacts
from defib.subject import Layer, LayerOutput
from tests.causes.books import INPUTS

X = np.random.default_rng(0).uniform(size=(50, 4))


def layer(values: np.ndarray, kind: str = "other", name: str = "rescaling") -> LayerOutput:
    return LayerOutput(Layer(name, kind), values)  # type: ignore[arg-type]


def test_a_straight_line_before_the_first_weights() -> None:
    behind = layer(X / 127.5 - 1, "merge", "subtract")
    divided = layer(X / 127.5, name="divide")
    found = door_step(X, [layer(X, "reshape", "flatten"), divided, behind, layer(X * 3, "dense", "dense"), layer(X)])
    assert found is not None
    assert found.name == "divide and subtract"
    assert found.gain == pytest.approx(1 / 127.5)
    assert found.shift == pytest.approx(-1)
    assert found.offset_ratio == pytest.approx(abs((X / 127.5 - 1).mean()) / (X / 127.5).std())
    assert door_step(X, [layer(X * [1, 2, 3, 4])]) is None  # each column by its own factor
    assert door_step(X, [divided, layer(X**2)]) is None
    assert door_step(X, [layer(X)]) is None
    assert door_step(X, [layer(X, "dense"), behind]) is None


@pytest.mark.parametrize(
    ("gain", "shift", "said"),
    [
        (1 / 255, 0.0, "behind it no pixel exceeds 0.0"),
        (1 / 127.5, -1.0, "behind it every pixel lies around -1"),
        (0.5, 0.1, None),
    ],
    ids=["twice by 255", "twice to -1 and 1", "usable"],
)
def test_rows_that_come_in_scaled_and_are_scaled_once_more(gain: float, shift: float, said: str | None) -> None:
    step = door_step(X, [layer(gain * X + shift)])
    inputs = replace(INPUTS, kind="image", door=step)
    scale = badly_scaled(inputs)
    assert (scale is not None and said in scale.clause) if said else scale is None
    raw = replace(inputs, scale_max=150.0)  # what such a step is made for
    assert not is_squeezed(raw)


def test_scaled_as_if_the_step_were_not_there() -> None:
    columns = ColumnScales(X.mean(0), X.std(0), X.min(0), X.max(0))
    book = Book({InputFacts: replace(INPUTS, door=DoorStep("r", 1 / 127.5, -1.0, 1.0, 343.0)), ColumnScales: columns})
    behind = z_score(book)(X) / 127.5 - 1
    np.testing.assert_allclose(behind.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(behind.std(0), 1, atol=1e-4)
    assert np.ptp(min_max(book)(X) / 127.5 - 1, axis=0) == pytest.approx(1, abs=1e-4)
