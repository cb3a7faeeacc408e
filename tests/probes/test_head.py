from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from defib.evidence import Book
from defib.probes.gradients import PROBE as GRADIENTS
from defib.probes.gradients import GradientFacts
from defib.probes.head import PROBE, HeadFacts, broadcasts, cross_entropy, labels_outside
from defib.probes.labels import PROBE as LABELS
from defib.probes.labels import LabelFacts
from defib.recipe import LossFacts, LossKind
from defib.subject import AnyArray, Layer, Moment, Subject

from .fakes import EMPTY, FakeSubject, act, dense, small

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)


def facts(subject: Subject, *, book: bool = True) -> HeadFacts:
    found: dict[Any, Any] = {}
    if book:
        found[LabelFacts] = LABELS.measure(subject, EMPTY)
    answer = PROBE.measure(subject, Book(found))
    assert isinstance(answer, HeadFacts)
    return answer


def sigmoid(z: AnyArray) -> AnyArray:
    return 1 / (1 + np.exp(-z))


def test_a_sound_head() -> None:
    subject = small("relu", "sigmoid")
    gradients = GRADIENTS.measure(subject, EMPTY)
    one = PROBE.measure(subject, Book({LabelFacts: LABELS.measure(subject, EMPTY), GradientFacts: gradients}))
    assert isinstance(one, HeadFacts)
    assert (one.activation, one.layer, one.units, one.activations_before_loss) == ("sigmoid", "dense_1", 1, 1)
    assert (one.output_low, one.output_high, one.labels_outside, one.n_classes) == (0.0, 1.0, 0.0, 2)
    assert one.gradient_zero_at_start is False
    assert subject.training is not None
    z = subject.forward(subject.training.X).layers[-2].values
    assert one.preactivation_max == pytest.approx(z.max())
    assert one.preactivation_median == pytest.approx(np.median(z))
    assert not one.broadcasts


@pytest.mark.parametrize(
    ("activations", "loss", "times"),
    [
        (("relu", "linear"), "bce_logits", 1),
        (("relu", "sigmoid"), "bce_logits", 2),
        (("relu", "sigmoid"), "bce", 1),
        (("relu", "sigmoid"), "mse", 1),
        (("relu", "linear"), "mse", 0),
    ],
)
def test_squashings_are_counted_to_the_loss(activations: Any, loss: str, times: int) -> None:
    assert facts(small(*activations, loss=loss)).activations_before_loss == times


def test_softmax_twice() -> None:
    y = np.tile([0, 1, 2], 40)
    assert facts(small("relu", "softmax", units=3, y=y, loss="ce_logits")).activations_before_loss == 2
    assert facts(small("relu", "linear", units=3, y=y, loss="ce_logits")).activations_before_loss == 1


class WithLoss(FakeSubject):
    """A fake whose loss is a function of outputs and labels."""

    value: Any = None

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        return float(self.value(self.forward(X).outputs, y))


def test_the_value_of_the_loss_decides_what_names_do_not_say() -> None:
    """A loss on logits behind a sigmoid head that goes back to the logits (Keras on TensorFlow) is no fault."""
    facts_of_loss = LossFacts("bce", "binary_cross_entropy", "logits")
    weights = RNG.normal(size=(3, 1))
    with_head = WithLoss([dense("d", weights), act("d:sigmoid", "sigmoid", sigmoid)], X, Y, loss=facts_of_loss)
    with_head.value = lambda p, y: log_loss(y, p[:, 0])
    assert facts(with_head).activations_before_loss == 1
    outside = WithLoss([dense("d", weights)], X, Y, loss=facts_of_loss)
    outside.value = lambda z, y: log_loss(y, sigmoid(sigmoid(z))[:, 0])
    assert facts(outside).activations_before_loss == 2


def test_cross_entropy_against_sklearn() -> None:
    binary = LossFacts("b", "binary_cross_entropy", "probabilities")
    p = RNG.random((60, 1))
    assert cross_entropy(p, Y, binary, 0) == pytest.approx(log_loss(Y, p[:, 0]))
    assert cross_entropy(p, Y, binary, 1) == pytest.approx(log_loss(Y, sigmoid(p)[:, 0]))
    assert cross_entropy(p * 5 - 2, Y, binary, 0) is None
    ids = np.tile([0, 1, 2], 20)
    many = LossFacts("s", "sparse_categorical_cross_entropy", "log_probabilities")
    q = RNG.dirichlet(np.ones(3), 60)
    assert cross_entropy(np.log(q), ids, many, 0) == pytest.approx(log_loss(ids, q))
    assert cross_entropy(np.log(q), ids + 1, many, 0) is None


OUTSIDE: list[tuple[list[float], LossKind, int, tuple[float, float], float]] = [
    ([0, 1, 2, 2], "binary_cross_entropy", 1, (0, 1), 0.5),
    ([-1, 1], "binary_cross_entropy", 1, (0, 1), 0.5),
    ([1, 2, 3], "sparse_categorical_cross_entropy", 3, (0, 1), 1 / 3),
    ([0, 1, 2], "sparse_categorical_cross_entropy", 3, (0, 1), 0.0),
    ([0, 0, 1, 1], "sparse_categorical_cross_entropy", 1, (0, 1), 0.5),
    ([25.0, 346.0], "squared_error", 1, (0, 1), 1.0),
    ([-0.5, 0.5], "squared_error", 1, (-1, 1), 0.0),
    ([-0.5, 0.5], "squared_error", 1, (0, np.inf), 0.5),
    ([-1, 1], "hinge", 1, (-1, 1), 0.0),
    ([np.nan, 1], "squared_error", 1, (0, 1), 0.0),
]


@pytest.mark.parametrize(("y", "kind", "units", "reach", "share"), OUTSIDE)
def test_labels_outside(y: list[float], kind: LossKind, units: int, reach: tuple[float, float], share: float) -> None:
    loss = LossFacts(kind, kind, "probabilities")
    assert labels_outside(np.array(y, dtype=float), loss, units, *reach) == pytest.approx(share)


@pytest.mark.parametrize(("met", "share"), [((4, 3), 0.0), ((4,), 0.5), ((4, 1), 0.5)])
def test_class_ids_that_are_made_columns_on_their_way_to_the_loss(met: tuple[int, ...], share: float) -> None:
    loss = LossFacts("bce", "binary_cross_entropy", "logits", (4, 3), met)
    assert labels_outside(np.array([0.0, 1.0, 2.0, 2.0]), loss, 3, 0.0, 1.0) == share


def test_rare_classes_beyond_the_rows_looked_at_are_counted() -> None:
    y = np.zeros(5000, dtype=int)
    y[7] = 2
    rows = RNG.normal(size=(5000, 3))
    one = facts(
        FakeSubject([dense("d", np.ones((3, 1)))], rows, y, loss=LossFacts("b", "binary_cross_entropy", "logits"))
    )
    assert one.labels_outside == pytest.approx(1 / 5000)


@pytest.mark.parametrize(
    ("prediction", "target", "element", "kind", "expected"),
    [
        ((32, 1), (32,), (32, 32), "squared_error", True),
        ((32, 1), (32,), None, "squared_error", True),
        ((32, 1), (32, 1), None, "squared_error", False),
        ((32,), (32,), (32,), "squared_error", False),
        ((32, 3), (32,), (32,), "sparse_categorical_cross_entropy", False),
        ((32, 3), (32,), None, "sparse_categorical_cross_entropy", False),
        ((32, 1), (32,), (32, 1), "squared_error", False),
        ((32, 3), (32,), None, "squared_error", False),
        (None, (32,), None, "squared_error", False),
    ],
)
def test_broadcasts(prediction: Any, target: Any, element: Any, kind: LossKind, expected: bool) -> None:
    assert broadcasts(LossFacts("l", kind, "values", prediction, target, element)) is expected


def test_a_dead_relu_head_shows_in_its_preactivation() -> None:
    steps = [dense("d", -np.ones((3, 1))), act("d:relu", "relu", lambda v: np.maximum(v, 0))]
    one = facts(FakeSubject(steps, np.abs(X), Y, loss=LossFacts("m", "squared_error", "values")))
    assert one.activation == "relu"
    assert one.preactivation_max is not None
    assert one.preactivation_max < 0
    assert one.output_low == 0.0


def test_no_loss_no_labels_and_odd_outputs() -> None:
    one = facts(FakeSubject([(Layer("f", "reshape"), lambda v: v.reshape(len(v), -1))], X), book=False)
    assert (one.loss, one.activation, one.layer, one.units) == ("unknown", "linear", "", 3)
    assert np.isnan(one.label_low)
    flat = facts(FakeSubject([(Layer("s", "other"), lambda v: v.sum(axis=1))], X, Y), book=False)
    assert flat.units == 1


@pytest.mark.parametrize(
    ("scale", "ends"),
    [
        (lambda a: a, (0.0, 1.0)),
        (lambda a: 70 * a - 2, (-2.0, 68.0)),
        (lambda a: -3 * a, (-3.0, 0.0)),
        (lambda a: a**2, (0.0, 1.0)),  # another shape, and nothing speaks against the ends
        (lambda a: 40 * a**2 + 1, (-np.inf, np.inf)),
    ],
    ids=["as it is", "scaled", "turned", "squared", "bent"],
)
def test_a_head_that_is_scaled_reaches_as_far_as_what_comes_out(scale: Any, ends: tuple[float, float]) -> None:
    steps = [dense("d", np.ones((3, 1))), act("a", "sigmoid", sigmoid), (Layer("scale", "other"), scale)]
    head = facts(FakeSubject(steps, X, 50.0 * sigmoid(X[:, 0]), loss=LossFacts("mse", "squared_error", "values")))
    assert head.activation == "sigmoid"
    assert (head.output_low, head.output_high) == pytest.approx(ends)
    assert (head.labels_outside > 0) is (ends[1] < 50)
