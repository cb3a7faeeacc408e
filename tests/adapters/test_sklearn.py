"""scikit-learn's networks against the NumPy network: passes, losses, gradients, single steps; then arms and replays."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from defib.adapters import subject_of
from defib.adapters.numpy_network import (
    CANONICAL_LOSSES,
    Dense,
    Network,
    Stepper,
    activation_named,
    as_targets,
    run_backward,
    run_forward,
    weights_of,
)
from defib.adapters.sklearn import SklearnSubject, subject_from_model
from defib.errors import InputError, ModelError
from defib.recipe import Arm, InputTransform, OptimizerFacts, Recipe
from defib.subject import BudgetExceeded, NotAvailable, Rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
LOGIT = X @ np.array([1.5, -1.0, 0.5, 0.0])
Y: dict[str, NDArray[Any]] = {
    "binary": (LOGIT > 0).astype(int),
    "multiclass": np.digitize(LOGIT, [-0.7, 0.7]),
    "multilabel": np.column_stack([LOGIT > 0, LOGIT < 1, X[:, 3] > 0]).astype(int),
    "regression": 3 + LOGIT,
}
HEADS = {"binary": "sigmoid", "multiclass": "softmax", "multilabel": "sigmoid", "regression": "linear"}
LOSSES = {"binary": "bce", "multiclass": "ce", "multilabel": "bce", "regression": "mse"}
HIDDEN = {"relu": "relu", "logistic": "sigmoid", "tanh": "tanh", "identity": "linear"}
kinds = pytest.mark.parametrize("kind", list(Y))


def fitted(kind: str, **settings: Any) -> Any:
    cls = MLPRegressor if kind == "regression" else MLPClassifier
    settings = {"hidden_layer_sizes": (6, 5), "max_iter": 5, "random_state": 3, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        return cls(**settings).fit(X, Y[kind])


def oracle_network(subject: SklearnSubject, kind: str, activation: str) -> Network:
    """The weights at the end, in the NumPy network; built from the user's own arrays."""
    arrays = {one.name: one.end for one in subject.parameters()}
    n = len(arrays) // 2
    names = [*[HIDDEN[activation]] * (n - 1), HEADS[kind]]
    return tuple(
        Dense(arrays[f"coefs_[{i}]"], arrays[f"intercepts_[{i}]"], activation_named(names[i])) for i in range(n)
    )


def oracle_scale(kind: str) -> float:
    """The oracle's mean squared error has twice scikit-learn's gradient; it averages tags that are summed there."""
    return {"regression": 0.5, "multilabel": 3.0}.get(kind, 1.0)


@kinds
@pytest.mark.parametrize("activation", list(HIDDEN))
def test_every_layer_agrees_with_the_oracle(kind: str, activation: str) -> None:
    subject = subject_from_model(fitted(kind, activation=activation), X, Y[kind])
    network = oracle_network(subject, kind, activation)
    expected = []
    for layer, (z, a) in zip(network, run_forward(network, X), strict=True):
        expected += [z] if layer.activation == "linear" else [z, a]
    found = subject.forward(X)
    assert len(found.layers) == len(expected)
    for one, values in zip(found.layers, expected, strict=True):
        np.testing.assert_allclose(one.values, values, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(found.outputs, found.layers[-1].values)


@kinds
@pytest.mark.parametrize("activation", ["relu", "logistic", "tanh"])
def test_loss_and_gradients_agree_with_the_oracle(kind: str, activation: str) -> None:
    subject = subject_from_model(fitted(kind, activation=activation, alpha=2.0), X, Y[kind])
    facts = CANONICAL_LOSSES[LOSSES[kind]]
    network = oracle_network(subject, kind, activation)
    assert subject.training is not None
    assert subject.training.y is not None
    targets = as_targets(subject.training.y, facts, network[-1].bias.size)
    value, gradients = run_backward(network, X, targets, facts)
    assert subject.loss(X, subject.training.y) == pytest.approx(value, rel=1e-9)
    for one, expected in zip(subject.gradients(X, subject.training.y), gradients, strict=True):
        assert one.values is not None
        np.testing.assert_allclose(one.values, expected * oracle_scale(kind), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@kinds
def test_one_step_agrees_with_the_oracle(kind: str, solver: str) -> None:
    settings: dict[str, Any] = {"solver": solver, "alpha": 0.0, "max_iter": 1, "batch_size": 60, "shuffle": False}
    settings |= {"learning_rate_init": 0.05, "momentum": 0.0, "nesterovs_momentum": False, "activation": "tanh"}
    subject = subject_from_model(fitted(kind, **settings), X, Y[kind])
    assert subject.training is not None
    assert subject.training.y is not None
    before = [np.asarray(one.initial) for one in subject.parameters()]
    names = ["tanh", "tanh", HEADS[kind]]
    network = tuple(Dense(before[2 * i], before[2 * i + 1], activation_named(names[i])) for i in range(3))
    facts = CANONICAL_LOSSES[LOSSES[kind]]
    _, gradients = run_backward(network, X, as_targets(subject.training.y, facts, network[-1].bias.size), facts)
    stepper = Stepper(OptimizerFacts(solver, 0.05))
    after = stepper.step(weights_of(network), [g * oracle_scale(kind) for g in gradients])
    for one, expected in zip(subject.parameters(), after, strict=True):
        np.testing.assert_allclose(one.end, expected, rtol=1e-6, atol=1e-8)


@kinds
def test_outputs_are_what_the_user_is_given(kind: str) -> None:
    model = fitted(kind)
    outputs = subject_from_model(model, X, Y[kind]).forward(X).outputs
    given = model.predict(X) if kind == "regression" else model.predict_proba(X)
    given = given[:, 1:] if kind == "binary" else given
    np.testing.assert_allclose(outputs, given.reshape(outputs.shape), rtol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@kinds
def test_initial_weights_are_drawn_again_and_a_replay_repeats_the_training(kind: str, solver: str) -> None:
    model = fitted(kind, solver=solver, max_iter=7, random_state=5, shuffle=False)
    subject = subject_from_model(model, X, Y[kind])
    assert subject.training is not None
    replay = subject.train(Arm(), subject.training, seed=0)
    np.testing.assert_allclose(replay.predict(X), subject.forward(X).outputs, rtol=1e-9)
    other = subject.train(Arm(), subject.training, seed=1)
    assert not np.allclose(other.predict(X), replay.predict(X))
    assert len(replay.loss) >= 7


def test_initial_weights_of_an_unknown_draw_are_not_made_up() -> None:
    subject = subject_from_model(fitted("binary", random_state=None), X, Y["binary"])
    assert not subject.has_initial_weights
    assert subject.parameters()[0].initial is None
    with pytest.raises(NotAvailable):
        subject.forward(X, moment="initial")
    assert subject.train(Arm(), Rows(X, Y["binary"]), seed=0).predict(X).shape == (60, 1)


@pytest.mark.parametrize(
    "arm",
    [
        Arm(learning_rate_factor=10),
        Arm(updates_factor=3),
        Arm(shuffle=False),
        Arm(regularization_factor=1e4),
        Arm(inputs=InputTransform(X.mean(axis=0), 3 * X.std(axis=0))),
        Arm().with_edit("hidden_activation", "tanh"),
        Arm().with_edit("double_width"),
        Arm().with_edit("halve_depth"),
        Arm().with_edit("reinitialize"),
    ],
    ids=str,
)
def test_arms_change_what_they_say(arm: Arm) -> None:
    subject = subject_from_model(fitted("binary", batch_size=16), X, Y["binary"])
    rows = Rows(X, Y["binary"])
    assert subject.can_train(arm) is None
    assert not np.allclose(subject.train(arm, rows, seed=0).predict(X), subject.train(Arm(), rows, seed=0).predict(X))


def test_more_epochs_go_on_where_the_tolerance_stopped() -> None:
    model = fitted("binary", max_iter=400, tol=1.0, n_iter_no_change=2)
    assert model.n_iter_ < 10
    subject = subject_from_model(model, X, Y["binary"])
    assert subject.trace.n_epochs == model.n_iter_
    assert subject.trace.planned_epochs == 400
    rows = Rows(X, Y["binary"])
    assert len(subject.train(Arm(), rows, seed=0).loss) == model.n_iter_
    assert len(subject.train(Arm(updates_factor=5), rows, seed=0).loss) == 5 * model.n_iter_


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        (Arm().with_edit("batch_norm"), "scikit-learn's networks have no batch normalization"),
        (Arm().with_edit("hidden_activation", "leaky_relu"), "scikit-learn has no activation leaky_relu"),
        (
            Arm().with_edit("hidden_activation", "relu"),
            "the hidden layers are relu already, drawn by scikit-learn's own rule",
        ),
        (Arm().with_edit("something_new"), "scikit-learn's networks have no something new"),
        (Arm(targets=InputTransform(np.zeros(1), np.ones(1))), "the labels are classes"),
    ],
    ids=str,
)
def test_what_scikit_learn_cannot_do_is_said(arm: Arm, reason: str) -> None:
    subject = subject_from_model(fitted("binary"), X, Y["binary"])
    assert subject.can_train(arm) == reason
    with pytest.raises(NotAvailable, match=reason):
        subject.train(arm, Rows(X, Y["binary"]), seed=0)


def test_l_bfgs_has_no_step_and_no_order() -> None:
    subject = subject_from_model(fitted("binary", solver="lbfgs"), X, Y["binary"])
    assert subject.can_train(Arm(learning_rate_factor=0.1)) == "L-BFGS finds the length of its steps by itself"
    assert subject.can_train(Arm(shuffle=True)) == "L-BFGS takes all rows in every step"


def test_targets_are_scaled_and_scaled_back() -> None:
    y = 1000 + 50 * X[:, 0]
    model = MLPRegressor(
        hidden_layer_sizes=(20,), max_iter=300, random_state=0, tol=0.0, n_iter_no_change=1000, learning_rate_init=0.01
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        subject = subject_from_model(model.fit(X, y), X, y)
    arm = Arm(targets=InputTransform(np.array(1000.0), np.array(50.0)))
    found = subject.train(arm, Rows(X, y), seed=0).predict(X)[:, 0]
    assert np.corrcoef(found, y)[0, 1] > 0.9
    assert abs(found.mean() - 1000) < 20


def test_a_divergence_is_an_answer() -> None:
    subject = subject_from_model(fitted("regression", solver="sgd"), X, Y["regression"])
    wild = subject.train(Arm(learning_rate_factor=1e9, updates_factor=20.0), Rows(X, Y["regression"]), seed=0)
    assert not np.isfinite(wild.predict(X)).any()


def test_a_deadline_in_the_past_stops_it() -> None:
    subject = subject_from_model(fitted("binary"), X, Y["binary"])
    with pytest.raises(BudgetExceeded):
        subject.train(Arm(), Rows(X, Y["binary"]), seed=0, deadline=time.monotonic() - 1)


def test_float32_rows_give_a_float32_network() -> None:
    X32 = X.astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((4,), max_iter=3, random_state=0).fit(X32, Y["binary"])
    subject = subject_from_model(model, X32, Y["binary"])
    assert subject.forward(X).outputs.dtype == np.float32
    np.testing.assert_array_equal(subject.forward(X32).outputs[:, 0], model.predict_proba(X32)[:, 1])


class TestWhatIsGiven:
    def test_a_pipeline_shows_the_rows_at_the_networks_door(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pipe = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=3, random_state=0)).fit(
                1000 * X, np.where(Y["binary"], "yes", "no")
            )
        subject = subject_of(pipe, 1000 * X, np.where(Y["binary"], "yes", "no"), recipe=Recipe())
        assert subject.training is not None
        np.testing.assert_allclose(subject.training.X.std(axis=0), 1.0)
        np.testing.assert_array_equal(subject.training.y, Y["binary"])
        assert subject.trace.notes == ("the network stands behind StandardScaler: its rows are what these return",)

    def test_a_search_is_its_best(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search = GridSearchCV(
                make_pipeline(StandardScaler(), MLPClassifier(max_iter=2, random_state=0)),
                {"mlpclassifier__hidden_layer_sizes": [(3,), (4,)]},
                cv=2,
            ).fit(X, Y["binary"])
        subject = subject_of(search, X, Y["binary"], recipe=Recipe())
        assert subject.parameters()[0].end.shape[1] == search.best_params_["mlpclassifier__hidden_layer_sizes"][0]

    def test_transformed_targets(self) -> None:
        model = TransformedTargetRegressor(
            MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0), transformer=StandardScaler()
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            subject = subject_of(model.fit(X, 500 + Y["regression"]), X, 500 + Y["regression"], recipe=Recipe())
        assert subject.training is not None
        assert subject.training.y is not None
        assert abs(subject.training.y.mean()) < 1e-9

    def test_not_fitted(self) -> None:
        with pytest.raises(ModelError, match="not fitted"):
            subject_of(MLPClassifier(), X, Y["binary"], recipe=Recipe())

    def test_a_pipeline_without_a_network(self) -> None:
        with pytest.raises(ModelError, match="ends in a fitted MLP"):
            subject_of(make_pipeline(StandardScaler()).fit(X), X, recipe=Recipe())

    @pytest.mark.parametrize(
        ("rows", "labels", "text"),
        [(X[:0], None, "shape"), (X, Y["binary"][:5], "5 labels"), (X[:, :2], None, "2 columns")],
    )
    def test_rows_that_do_not_fit(self, rows: Any, labels: Any, text: str) -> None:
        with pytest.raises(InputError, match=text):
            subject_from_model(fitted("binary"), rows, labels)
