"""Watching scikit-learn: bit-identical training, rows and recipe as they were, searches, pipelines, the unseen."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from defib.adapters.sklearn import SklearnSubject
from defib.capture.imports import Watchers
from defib.capture.script import watch
from defib.capture.sklearn_fit import AFTER, AROUND, BEFORE
from defib.recipe import Arm
from defib.subject import Rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = (X[:, 0] - X[:, 1] + 0.3 * RNG.normal(size=120) > 0).astype(int)
X_NEW, Y_NEW = RNG.normal(size=(30, 4)), np.tile([0, 1], 15)


@pytest.fixture(autouse=True)
def _calm() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nothing here trains to convergence
        yield


def network(**settings: Any) -> Any:
    return MLPClassifier(**{"hidden_layer_sizes": (6,), "max_iter": 6, "random_state": 3, **settings})


def watched(program: Callable[[], Any]) -> tuple[SklearnSubject, ...]:
    with watch() as watchers:
        program()
        subjects = watchers.subjects()
        assert watchers.notes == (), watchers.notes
    assert all(isinstance(one, SklearnSubject) for one in subjects)
    return subjects  # type: ignore[return-value]


def only(program: Callable[[], Any]) -> SklearnSubject:
    (subject,) = watched(program)
    return subject


def state(model: Any) -> bytes:
    return pickle.dumps((model.coefs_, model.intercepts_, model.loss_curve_ if model.solver != "lbfgs" else None))


@pytest.mark.parametrize("seed", [7, None])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
        {"solver": "lbfgs"},
        {"early_stopping": True},
        {"shuffle": False, "batch_size": 7},
    ],
    ids=str,
)
def test_training_is_bit_identical(settings: dict[str, Any], seed: int | None) -> None:
    def program() -> tuple[bytes, float, bytes]:
        np.random.seed(5)  # a network without a seed draws from the global state
        model = network(random_state=seed, **settings).fit(X, Y)
        return state(model), float(np.random.random()), model.predict_proba(X_NEW).tobytes()

    plain = program()
    kept: list[Any] = []
    watched(lambda: kept.append(program()))
    assert kept == [plain]


def test_estimators_are_untouched_and_methods_put_back() -> None:
    names = (*BEFORE, *AFTER, *AROUND)
    before = {name: BaseMultilayerPerceptron.__dict__[name] for name in names}
    model = network()
    with watch():
        model.fit(X, Y).predict(X_NEW)
        twin = clone(model)
        pickle.dumps(model)
    assert {name: BaseMultilayerPerceptron.__dict__[name] for name in names} == before
    assert "score" not in MLPClassifier.__dict__
    assert twin.get_params() == model.get_params()
    assert not any("defib" in repr(value) for value in vars(model).values())


def test_rows_recipe_and_trace() -> None:
    model = network(batch_size=50, alpha=0.5)
    subject = only(lambda: (model.fit(X, Y), model.predict(X_NEW), model.score(X_NEW, Y_NEW)))
    assert subject.training is not None
    assert subject.prediction is not None
    assert subject.held_out is not None
    assert subject.recipe.optimizer is not None
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(np.asarray(subject.training.y), Y)
    np.testing.assert_array_equal(subject.prediction.X, X_NEW)
    np.testing.assert_array_equal(np.asarray(subject.prediction.y), Y_NEW)
    np.testing.assert_array_equal(np.asarray(subject.held_out.y), Y_NEW)
    np.testing.assert_array_equal(np.asarray(subject.prediction_outputs)[:, 0], model.predict_proba(X_NEW)[:, 1])
    assert (subject.recipe.optimizer.name, subject.recipe.optimizer.learning_rate) == ("adam", 1e-3)
    assert (subject.recipe.batch_size, subject.recipe.n_updates, subject.recipe.n_epochs) == (50, 18, 6)
    assert subject.recipe.sources["fit"].startswith(__file__)
    assert (subject.trace.n_updates, subject.trace.planned_epochs, subject.recipe.shuffled) == (18, 6, True)
    assert len(subject.trace.loss_per_update) == 18
    assert len(subject.trace.loss_per_epoch) == 6


def test_losses_are_scikit_learns_own_less_the_penalty() -> None:
    model = network(alpha=0.0, batch_size=50)
    subject = only(lambda: model.fit(X, Y))
    np.testing.assert_allclose(subject.trace.loss_per_epoch, model.loss_curve_, rtol=1e-12)
    heavy = only(lambda: network(alpha=50.0, shuffle=False, batch_size=120, max_iter=1).fit(X, Y))
    assert heavy.trace.loss_per_update[0] == pytest.approx(heavy.loss(X, Y, moment="initial"))


def test_the_first_step_is_measured_on_the_weights() -> None:
    subject = only(lambda: network(max_iter=1, batch_size=120).fit(X, Y))
    moved = dict(subject.trace.updates_to)
    for one in subject.parameters():
        assert one.initial is not None
        expected = np.linalg.norm(one.end - one.initial) / np.linalg.norm(one.initial)
        assert moved[one.name] == pytest.approx(expected)


def test_a_replay_repeats_the_users_own_training() -> None:
    model = network(batch_size=16)
    subject = only(lambda: model.fit(X, Y))
    again = subject.train(Arm(), Rows(X, Y), seed=0).predict(X_NEW)
    np.testing.assert_array_equal(again[:, 0], model.predict_proba(X_NEW)[:, 1])


def test_early_stopping_holds_rows_out_and_puts_weights_back() -> None:
    model = network(early_stopping=True, validation_fraction=0.25, max_iter=20, n_iter_no_change=3)
    seen: list[Any] = []
    original = BaseMultilayerPerceptron._update_no_improvement_count

    class Spy(MLPClassifier):  # type: ignore[misc]
        def _update_no_improvement_count(self, early: Any, X_val: Any, *rest: Any) -> None:
            seen.append(X_val)
            original(self, early, X_val, *rest)

    only(lambda: Spy(**model.get_params()).fit(X, Y))
    subject = only(lambda: model.fit(X, Y))
    assert subject.training is not None
    assert subject.held_out is not None
    assert sorted(map(tuple, subject.held_out.X)) == sorted(map(tuple, seen[0]))
    assert (len(subject.training), len(subject.held_out)) == (90, 30)
    assert subject.trace.restored_epoch == int(np.argmax(model.validation_scores_)) + 1
    assert subject.trace.restored_by


def test_a_pipeline_shows_what_enters_the_network() -> None:
    pipe = make_pipeline(StandardScaler(), network())
    subject = only(lambda: (pipe.fit(100 + 9 * X, Y), pipe.predict(100 + 9 * X_NEW)))
    assert subject.training is not None
    assert subject.prediction is not None
    np.testing.assert_allclose(subject.training.X.mean(axis=0), 0.0, atol=1e-12)
    assert abs(subject.prediction.X).max() < 10
    assert subject.trace.notes == ("the network stands behind StandardScaler: its rows are what these return",)


def _holders() -> list[Any]:
    def pipe() -> Any:
        return make_pipeline(StandardScaler(), network(alpha=1e-3))

    sizes = {"mlpclassifier__batch_size": [20, 40]}
    return [
        network(alpha=1e-3),
        pipe(),
        GridSearchCV(pipe(), sizes, cv=2),
        GridSearchCV(pipe(), sizes, cv=2, refit="accuracy", scoring=["accuracy"]),
        GridSearchCV(network(alpha=1e-3), {"batch_size": [20, 40]}, cv=2),
        make_pipeline(StandardScaler(), GridSearchCV(network(alpha=1e-3), {"batch_size": [20, 40]}, cv=2)),
        VotingClassifier([("net", network(alpha=1e-3)), ("tree", DecisionTreeClassifier())]),
    ]


@pytest.mark.parametrize("holder", _holders(), ids=[f"{i}" for i in range(7)])
def test_code_names_a_setting_as_the_users_estimator_does(holder: Any) -> None:
    subject = only(lambda: holder.fit(X, Y))
    names: dict[str, Any] = {"model": holder, "X_train": X, "y_train": Y}
    exec(subject.as_written("model.set_params(alpha=model.alpha / 10)  # less\nmodel.fit(X_train, y_train)"), names)
    found = names["model"].get_params().items()
    assert {value for name, value in found if name.split("__")[-1] == "alpha"} == {1e-4}


def test_of_two_networks_in_one_estimator_neither_is_named() -> None:
    holder = VotingClassifier([("a", network()), ("b", network())])
    assert only(lambda: holder.fit(X, Y)).as_written("model.set_params(alpha=1)") == "model.set_params(alpha=1)"


class TestManyFits:
    def test_of_a_search_the_refitted_best(self) -> None:
        search = GridSearchCV(network(), {"alpha": [1e-4, 1e-2]}, cv=3)
        subject = only(lambda: (search.fit(X, Y), search.predict(X_NEW)))
        assert subject.training is not None
        assert subject.prediction is not None
        np.testing.assert_array_equal(subject.parameters()[0].end, search.best_estimator_.coefs_[0])
        assert len(subject.training) == len(X)
        assert "GridSearchCV.fit fitted 7 networks" in subject.trace.notes[0]
        assert "fitted again on all rows" in subject.trace.notes[0]

    def test_of_a_search_without_a_refit_the_last(self) -> None:
        subject = only(lambda: GridSearchCV(network(), {"alpha": [1e-4, 1e-2]}, cv=3, refit=False).fit(X, Y))
        assert "fitted 6 networks that were seen: this is the last" in subject.trace.notes[0]

    def test_of_a_cross_validation_the_last_fold_with_its_predictions(self) -> None:
        subject = only(lambda: cross_val_predict(make_pipeline(StandardScaler(), network()), X, Y, cv=4))
        assert subject.training is not None
        assert subject.prediction is not None
        assert (len(subject.training), len(subject.prediction)) == (90, 30)
        assert subject.trace.notes[0].startswith("cross_val_predict fitted 4 networks")

    def test_of_an_ensemble_the_last(self) -> None:
        subject = only(lambda: BaggingClassifier(network(), n_estimators=3, random_state=0).fit(X, Y))
        assert "BaggingClassifier.fit fitted 3 networks" in subject.trace.notes[0]

    def test_two_cross_validations_are_two(self) -> None:
        def program() -> None:
            cross_val_score(network(), X, Y, cv=2)
            cross_val_score(network(max_iter=3), X, Y, cv=2)

        assert [one.trace.planned_epochs for one in watched(program)] == [6, 3]

    def test_two_networks_are_two_and_one_fitted_twice_is_one(self) -> None:
        assert len(watched(lambda: (network().fit(X, Y), network().fit(X, Y)))) == 2
        model = network()
        subject = only(lambda: (model.fit(X, Y), model.set_params(max_iter=4).fit(X_NEW, Y_NEW)))
        assert subject.training is not None
        assert (len(subject.training), subject.trace.planned_epochs) == (30, 4)

    def test_what_other_processes_do_is_said_to_be_unseen(self) -> None:
        with watch() as watchers:
            cross_val_score(network(), X, Y, cv=2, n_jobs=2)
            assert watchers.subjects() == ()
            (note,) = watchers.notes
        assert "n_jobs=2" in note
        assert "other processes, which are not followed" in note


def test_the_rows_that_a_pipeline_is_given_stand_beside_those_that_it_makes() -> None:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline

    subject = only(lambda: make_pipeline(PCA(1), network()).fit(X.copy(), Y))
    assert subject.alongside is not None
    (given,) = [one for one in subject.alongside() if one.piped]
    assert given.name in ("X", "the rows in front of PCA")
    np.testing.assert_array_equal(given.X, X)


def test_a_copy_that_was_loaded_again_predicts_for_the_network_it_is_a_copy_of() -> None:
    import pickle

    model = network()

    def program() -> None:
        model.fit(X, Y)
        pickle.loads(pickle.dumps(model)).predict(X_NEW)

    subject = only(program)
    assert subject.prediction is not None
    np.testing.assert_array_equal(subject.prediction.X, X_NEW)


class TestGoingOn:
    def test_partial_fit_is_one_training(self) -> None:
        model = network()

        def program() -> None:
            for _ in range(4):
                for i in range(0, 120, 40):
                    model.partial_fit(X[i : i + 40], Y[i : i + 40], classes=[0, 1])

        subject = only(program)
        assert subject.training is not None
        assert (len(subject.training), subject.trace.n_updates, subject.recipe.batch_size) == (120, 12, 40)
        assert subject.trace.n_epochs == 4
        assert subject.trace.planned_epochs is None
        initial = subject.parameters()[0].initial
        assert initial is not None
        assert not np.array_equal(initial, model.coefs_[0])
        assert subject.train(Arm(), subject.training, seed=0).loss.shape == (12,)

    def test_parts_that_are_each_taken_several_times_are_all_rows_in_their_order(self) -> None:
        model = network()

        def program() -> None:
            for part in (Y == 0, Y == 1):
                for _ in range(3):
                    model.partial_fit(X[part], Y[part], classes=[0, 1])

        subject = only(program)
        assert subject.training is not None
        assert subject.training.y is not None
        assert subject.training.y.ravel().tolist() == sorted(Y.tolist())
        assert subject.recipe.shuffled is False
        assert "none came again" in (subject.can_train(Arm()) or "")

    def test_parts_that_come_again_and_again_can_be_replayed(self) -> None:
        model = network()

        def program() -> None:
            for _ in range(2):
                for part in (Y == 0, Y == 1):
                    for _ in range(3):
                        model.partial_fit(X[part], Y[part], classes=[0, 1])

        assert only(program).can_train(Arm()) is None

    def test_warm_starts_go_on(self) -> None:
        model = network(warm_start=True, max_iter=1)
        subject = only(lambda: [model.fit(X, Y) for _ in range(5)])
        assert (subject.trace.n_updates, subject.trace.n_epochs) == (5, 5)
        assert len(subject.train(Arm(), Rows(X, Y), seed=0).loss) == 5

    def test_weights_set_by_hand_are_where_it_starts_from(self) -> None:
        model = network(warm_start=True, max_iter=3)

        def program() -> None:
            model.fit(X, Y)
            model.coefs_ = [np.zeros_like(w) for w in model.coefs_]
            model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]
            model.fit(X, Y)

        subject = only(program)
        assert all(not np.any(one.initial) for one in subject.parameters())
        again = subject.train(Arm(), Rows(X, Y), seed=2).predict(X)
        assert np.ptp(again) == 0


def test_labels_that_are_texts_and_rows_that_are_lists() -> None:
    words = np.array(["no", "yes"])[Y]
    model = network()
    subject = only(lambda: (model.fit(X.tolist(), words), model.score((X[:40] + 1).tolist(), words[:40])))
    assert subject.training is not None
    assert subject.held_out is not None
    np.testing.assert_array_equal(np.asarray(subject.training.y), Y)
    np.testing.assert_array_equal(np.asarray(subject.held_out.y), Y[:40])


def test_sparse_rows_and_weights() -> None:
    from scipy.sparse import csr_matrix

    sparse = csr_matrix(np.where(np.abs(X) > 0.5, X, 0))
    subject = only(lambda: network().fit(sparse, Y, sample_weight=np.where(Y, 2.0, 1.0)))
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, sparse.toarray())
    assert set(subject.captured.sample_weights.values()) == {1.0, 2.0}
    assert subject.train(Arm(), subject.training, seed=1).predict(X).shape == (120, 1)


def test_a_divergence_that_ends_the_program_is_still_seen() -> None:
    wild = MLPRegressor(hidden_layer_sizes=(6,), solver="sgd", learning_rate_init=1e6, max_iter=30, random_state=0)
    with watch() as watchers:
        with pytest.raises(ValueError, match="non-finite"):
            wild.fit(100 * X, Y * 1e6)
        (subject,) = watchers.subjects()
    assert not np.isfinite(subject.parameters()[0].end).all()


def test_a_fault_in_the_watching_is_noted_and_the_program_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from defib.capture.sklearn_study import Study

    monkeypatch.setattr(Study, "keep_start", lambda self: 1 / 0)
    with watch() as watchers:
        model = network().fit(X, Y)
        assert watchers.notes == ("ZeroDivisionError: division by zero",)
    assert model.n_iter_ == 6


def test_our_own_networks_are_not_watched() -> None:
    with watch() as watchers:
        model = network().fit(X, Y)
        (subject,) = watchers.subjects()
        subject.train(Arm(), Rows(X, Y), seed=1).predict(X)
        subject.gradients(X, Y)
        assert len(Watchers.subjects(watchers)) == 1
    assert model.n_iter_ == 6
