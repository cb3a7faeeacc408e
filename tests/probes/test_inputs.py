from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Missing
from defib.probes.inputs import PROBE, InputFacts
from defib.subject import AnyArray, Layer

from .fakes import EMPTY, FakeSubject, Step, dense

RNG = np.random.default_rng(0)


def facts(X: AnyArray, *steps: Step) -> InputFacts:
    first = dense("d", np.ones((int(np.prod(X.shape[1:])), 1)))
    found = PROBE.measure(FakeSubject([*steps, first], X), EMPTY)
    assert isinstance(found, InputFacts)
    return found


def test_scales_by_a_loop_over_columns() -> None:
    X = RNG.normal(size=(50, 4)) * [1, 10, 1000, 0] + [0, 5, -300, 7]
    one = facts(X)
    sds = [float(np.std(X[:, k])) for k in range(3)]
    rms = [float(np.sqrt(np.mean(X[:, k] ** 2))) for k in range(4)]
    assert one.column_sd_max == pytest.approx(max(sds))
    assert one.column_sd_min == pytest.approx(min(sds))
    assert one.scale_ratio == pytest.approx(max(sds) / min(sds))
    assert one.scale_max == pytest.approx(max(rms))
    assert one.largest_column == int(np.argmax(rms))
    assert one.column_mean_abs_max == pytest.approx(max(abs(X.mean(axis=0))))
    assert one.offset_ratio == pytest.approx(max(abs(X[:, k].mean()) / sds[k] for k in range(3)))
    assert (one.constant_columns, one.constant_fraction) == (1, 0.25)
    assert one.kind == "tabular"


def test_nan_inf_and_unique_rows() -> None:
    X = np.ones((6, 2))
    X[0, 0], X[1, 0], X[1, 1], X[2, 1] = np.nan, np.nan, np.nan, np.inf
    one = facts(X)
    assert (one.nan_cells, one.nan_rows, one.inf_cells, one.unique_rows) == (3, 2, 1, 4)


def test_a_border_pixel_says_nothing_about_the_unit() -> None:
    X = RNG.normal(size=(400, 3)) * [1.0, 1.0, 0.01] + [0, 2, 0]
    border = np.full(400, -0.8)
    border[:2] = -0.7
    one, without = facts(np.column_stack([X, border])), facts(X)
    assert one.offset_ratio == without.offset_ratio
    assert one.scale_ratio == without.scale_ratio
    assert one.constant_columns == 0


def test_a_column_far_from_zero_counts_unless_it_hardly_varies() -> None:
    kelvin = np.column_stack([RNG.normal(size=400), 295 + RNG.integers(0, 4, size=400)])
    assert facts(kelvin).offset_ratio == pytest.approx(abs(kelvin[:, 1].mean()) / kelvin[:, 1].std())


def test_quantities_beside_ids_are_no_tokens() -> None:
    ids = RNG.integers(0, 9, size=(40, 3)).astype(float)
    embedding: Step = (Layer("e", "embedding"), lambda v: v)
    assert facts(ids, embedding).kind == "tokens"
    assert facts(np.column_stack([ids, RNG.lognormal(9, size=40)]), embedding).kind == "tabular"


def test_a_constant_column_of_awkward_numbers_is_constant() -> None:
    assert facts(np.column_stack([np.full(977, 0.1), RNG.normal(size=977)])).constant_columns == 1


@pytest.mark.parametrize(
    ("shape", "first", "kind"),
    [
        ((9, 8, 8, 1), None, "image"),
        ((9, 8, 8), None, "image"),
        ((9, 8, 8), "recurrent", "sequence"),
        ((9, 20, 3), None, "sequence"),
        ((9, 20), "embedding", "tokens"),
        ((9, 20), None, "tabular"),
        ((9,), None, "tabular"),
    ],
)
def test_kinds(shape: tuple[int, ...], first: str | None, kind: str) -> None:
    X = RNG.integers(0, 50, size=shape)
    opening: list[Step] = [(Layer("first", first), lambda v: v)] if first else []  # type: ignore[arg-type]
    assert facts(X, *opening).kind == kind


def test_normalized_inside() -> None:
    X = 1000 * RNG.normal(size=(30, 3))
    norm: Step = (Layer("n", "norm"), lambda v: v)
    rescale: Step = (Layer("r", "other"), lambda v: v / 1000)
    harmless: Step = (Layer("o", "other"), lambda v: v * 2)
    assert facts(X, norm).normalized_inside
    assert facts(X, rescale).normalized_inside
    assert not facts(X, harmless).normalized_inside
    assert not facts(X).normalized_inside


def test_no_rows_and_text() -> None:
    with pytest.raises(Missing, match="the training rows"):
        PROBE.measure(FakeSubject([], None), EMPTY)
    with pytest.raises(Missing, match="numeric rows"):
        facts(np.array([["a", "b"]]))
