"""What the watcher notes of Keras programs, and that it changes nothing. Keras 3 and the legacy one alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from defib.capture.engaged import engaged
from defib.capture.keras_fit import KerasWatcher
from defib.examine import measure_all
from defib.probes.outputs import SymptomFacts
from defib.recipe import Arm
from defib.symptom_values import stand_in_blocks
from tests.adapters.keras_models import FLAVORS, load, mlp, rows

# What Keras 3 says about its own arguments, and NumPy about Keras.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
]


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


@contextmanager
def watching() -> Iterator[KerasWatcher]:
    watcher = KerasWatcher()
    watcher.attach()
    try:
        yield watcher
    finally:
        watcher.detach()


def watched(program: Callable[[], Any]) -> tuple[Any, Any]:
    """Run a program under watch; gives its one subject and what the program returned."""
    with watching() as watcher:
        result = program()
    subjects = watcher.subjects()
    assert watcher.errors == []
    assert len(subjects) == 1
    return subjects[0], result


def lazy(keras: Any) -> Any:
    """A model without a known input shape: its first step builds it."""
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def test_fit_on_arrays(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)
    initial = [v.numpy() for v in model.weights]

    def program() -> Any:
        history = model.fit(
            X, y, epochs=3, batch_size=8, verbose=0, validation_split=0.25, class_weight={0: 1.0, 1: 2.0}
        )
        return history, model.predict(X[:7] + 1, verbose=0)

    subject, (history, predicted) = watched(program)
    np.testing.assert_array_equal(subject.training.X, X[:30])
    np.testing.assert_array_equal(subject.training.y, y[:30])
    np.testing.assert_array_equal(subject.held_out.X, X[30:])
    np.testing.assert_array_equal(subject.held_out.y, y[30:])
    np.testing.assert_array_equal(subject.prediction.X, X[:7] + 1)
    np.testing.assert_array_equal(subject.prediction_outputs, predicted)
    recipe, trace = subject.recipe, subject.trace
    assert (recipe.batch_size, recipe.n_epochs, recipe.n_updates, recipe.shuffled) == (8, 3, 12, True)
    assert (trace.n_updates, trace.n_epochs, trace.planned_epochs) == (12, 3, 3)
    np.testing.assert_allclose(trace.loss_per_epoch, history.history["loss"], rtol=1e-6)
    np.testing.assert_allclose(trace.validation_loss_per_epoch, history.history["val_loss"], rtol=1e-6)
    assert trace.label_order is None
    assert subject.captured.class_weight == {0: 1.0, 1: 2.0}
    assert {p.in_optimizer for p in subject.parameters()} == {True}
    for parameter, before in zip(subject.parameters(), initial, strict=True):
        np.testing.assert_array_equal(parameter.initial, before)
    assert set(recipe.sources) == {"fit", "predict"}
    assert all(place.partition(".py:")[0].endswith("test_keras_fit") for place in recipe.sources.values())
    assert subject.can_train(Arm()) is None


def test_per_step_losses_are_those_of_the_steps(keras: Any) -> None:
    X, y = rows(32)
    model = mlp(keras)
    start = [v.numpy() for v in model.weights]
    subject, _ = watched(lambda: model.fit(X, y, epochs=2, batch_size=8, shuffle=False, verbose=0))
    values: list[Any] = [np.asarray(v, dtype=np.float64) for v in start]
    expected = []
    from tests.adapters.test_keras import Oracle

    for begin in [*range(0, 32, 8)] * 2:
        part = slice(begin, begin + 8)
        expected.append(Oracle(values).loss(X[part], y[part]))
        values = [v - 0.1 * g for v, g in zip(values, Oracle(values).gradients(X[part], y[part]), strict=True)]
    np.testing.assert_allclose(subject.trace.loss_per_update, expected, rtol=1e-4)
    first = {name: size for name, size in subject.trace.updates_to}
    gradient = Oracle(start).gradients(X[:8], y[:8])[0]
    assert first["first/kernel"] == pytest.approx(0.1 * np.linalg.norm(gradient) / np.linalg.norm(start[0]), rel=1e-3)
    np.testing.assert_array_equal(subject.trace.label_order, y)
    assert subject.recipe.shuffled is False


def test_a_model_built_by_its_first_step_has_initial_weights(keras: Any) -> None:
    X, y = rows(40)
    for train in (lambda m: m.fit(X, y, epochs=1, verbose=0), lambda m: m.train_on_batch(X, y)):
        model = lazy(keras)
        subject, _ = watched(lambda train=train, model=model: train(model))  # type: ignore[misc]
        assert subject.has_initial_weights
        kernel = subject.parameters()[0]
        limit = np.sqrt(6 / 7)
        assert 0.3 * limit < kernel.initial.std() < limit
        np.testing.assert_array_equal(subject.parameters()[1].initial, 0)
        assert np.any(kernel.initial != kernel.end)


def test_an_adapted_normalization_before_layers_that_the_first_step_builds(keras: Any) -> None:
    X, y = rows(40)
    door = keras.layers.Normalization()
    door.adapt(X * 3 + 5)
    model = keras.Sequential([door, keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
    subject, _ = watched(lambda: model.fit(X * 3 + 5, y, epochs=3, batch_size=8, verbose=0, shuffle=False))
    parameters = subject.parameters()
    assert [one.in_optimizer for one in parameters] == [True] * 4
    assert any(np.any(one.initial != one.end) for one in parameters)
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)


def test_several_fits_are_one_training(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)
    start = model.weights[0].numpy()

    def program() -> None:
        for _ in range(3):
            model.fit(X, y, epochs=2, batch_size=20, verbose=0)

    subject, _ = watched(program)
    assert (subject.trace.n_updates, subject.trace.n_epochs, subject.trace.planned_epochs) == (12, 6, 6)
    assert len(subject.training) == 40
    np.testing.assert_array_equal(subject.parameters()[0].initial, start)


def test_early_stopping_shows_as_fewer_epochs_than_planned(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras, optimizer=keras.optimizers.SGD(0.0))
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=2, min_delta=1e-3)
    callbacks = [stop]
    subject, _ = watched(lambda: model.fit(X, y, epochs=50, verbose=0, callbacks=callbacks, shuffle=False))
    assert subject.trace.planned_epochs == 50
    assert subject.trace.n_epochs == 3
    assert callbacks == [stop]


def test_a_learning_rate_changed_by_a_callback_is_recorded(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    subject, _ = watched(lambda: model.fit(X, y, epochs=4, verbose=0, callbacks=[schedule]))
    assert subject.recipe.optimizer.learning_rate == pytest.approx(0.1)
    assert subject.captured.optimizer.rates == pytest.approx([0.1, 0.05, 0.1 / 3, 0.025])
    assert [at for at, _ in subject.trace.rates] == [0.0, 0.25, 0.5, 0.75]


def test_a_trial_holds_caps_and_ends_a_schedule(keras: Any) -> None:
    """Against the same model, compiled and fitted as the arm says, with the rows in order."""
    X, y = rows(40)
    first = mlp(keras)
    start = [w.copy() for w in first.get_weights()]
    rates = [0.1, 0.02, 0.4, 0.4]
    by_epoch = lambda epoch: rates[epoch]  # noqa: E731

    def fitted(course: list[float]) -> Any:
        model = mlp(keras)
        model.set_weights(start)
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch: course[epoch])
        model.fit(X, y, epochs=len(course), verbose=0, callbacks=[schedule], shuffle=False)
        return model.predict(X, verbose=0)

    schedule = keras.callbacks.LearningRateScheduler(by_epoch)
    subject, _ = watched(lambda: first.fit(X, y, epochs=4, verbose=0, callbacks=[schedule], shuffle=False))
    wanted = [
        (Arm(), rates),
        (Arm(constant_rate=True), [0.4] * 4),
        (Arm(rate_cap=0.1), [0.1, 0.02, 0.1, 0.1]),
        (Arm(stop_at=0.5), [0.1, 0.02]),
    ]
    for arm, course in wanted:
        trained = subject.train(arm, subject.training, seed=0)
        np.testing.assert_allclose(trained.predict(X), fitted(course), atol=1e-5)


def test_dataset_shuffled(keras: Any) -> None:
    import tensorflow as tf

    X, y = rows(40)
    data = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(40, seed=1).batch(8)
    held = tf.data.Dataset.from_tensor_slices((X[:10] + 1, y[:10])).batch(4)
    model = mlp(keras)

    def program() -> Any:
        model.fit(data, epochs=3, verbose=0, validation_data=held)
        return model.predict(tf.data.Dataset.from_tensor_slices(X[:9] + 2).batch(4), verbose=0)

    subject, predicted = watched(program)
    assert len(subject.training) == 40
    order = np.lexsort(subject.training.X.T)
    np.testing.assert_array_equal(subject.training.X[order], X[np.lexsort(X.T)])
    np.testing.assert_array_equal(subject.training.y[order], y[np.lexsort(X.T)])
    assert (subject.recipe.batch_size, subject.recipe.n_updates, subject.recipe.shuffled) == (8, 15, True)
    np.testing.assert_array_equal(subject.held_out.X, X[:10] + 1)
    np.testing.assert_array_equal(subject.prediction.X, X[:9] + 2)
    np.testing.assert_array_equal(subject.prediction_outputs, predicted)


@pytest.mark.parametrize(("buffer", "shuffled"), [(4, False), (200, True)])
def test_a_buffer_that_leaves_the_labels_in_blocks_shuffles_nothing(keras: Any, buffer: int, shuffled: bool) -> None:
    import tensorflow as tf

    X, _ = rows(200)
    y = np.repeat([0.0, 1.0], 100)
    data = tf.data.Dataset.from_tensor_slices((X, y)).map(lambda x, label: (x, label))
    model = mlp(keras)
    subject, _ = watched(lambda: model.fit(data.shuffle(buffer, seed=1).batch(20), epochs=2, verbose=0))
    assert subject.recipe.shuffled is shuffled
    assert stand_in_blocks(subject.trace.label_order) is not shuffled


def test_dataset_in_order_repeated_without_end(keras: Any) -> None:
    import tensorflow as tf

    X, y = rows(40)
    data = tf.data.Dataset.from_tensor_slices((X, y)).batch(8).repeat()
    subject, _ = watched(lambda: mlp(keras).fit(data, epochs=2, steps_per_epoch=10, verbose=0))
    np.testing.assert_array_equal(subject.training.X, X)
    assert subject.recipe.shuffled is False
    assert subject.captured.epochs == 4.0
    np.testing.assert_array_equal(subject.trace.label_order, y)


def test_generator(keras: Any) -> None:
    X, y = rows(40)

    def batches() -> Iterator[Any]:
        while True:
            for start in range(0, 40, 8):
                yield X[start : start + 8], y[start : start + 8]

    subject, _ = watched(lambda: mlp(keras).fit(batches(), epochs=3, steps_per_epoch=5, verbose=0))
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, y)
    assert (subject.recipe.batch_size, subject.recipe.n_updates, subject.recipe.shuffled) == (8, 15, False)


def test_sequence_of_batches(keras: Any) -> None:
    X, y = rows(40)
    base = getattr(keras.utils, "PyDataset", None) or keras.utils.Sequence

    class Batches(base):  # type: ignore[misc,valid-type]
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            return X[8 * index : 8 * index + 8], y[8 * index : 8 * index + 8]

    before = Batches.__getitem__
    subject, _ = watched(lambda: mlp(keras).fit(Batches(), epochs=2, shuffle=False, verbose=0))
    assert len(subject.training) == 40
    assert Batches.__getitem__ is before
    assert subject.recipe.n_updates == 10


def test_train_on_batch_and_calls(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)
    seen = []

    def program() -> Any:
        for _ in range(2):
            for start in range(0, 40, 8):
                seen.append(float(model.train_on_batch(X[start : start + 8], y[start : start + 8])))
        return model(X[:6] + 1)

    subject, called = watched(program)
    np.testing.assert_array_equal(subject.training.X, X)
    assert (subject.recipe.batch_size, subject.recipe.n_updates, subject.recipe.shuffled) == (8, 10, False)
    np.testing.assert_allclose(subject.trace.loss_per_update, seen, rtol=1e-5)
    np.testing.assert_array_equal(subject.prediction.X, X[:6] + 1)
    np.testing.assert_array_equal(subject.prediction_outputs, called.numpy())


def test_rows_predicted_one_by_one_are_one_prediction(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)

    def program() -> Any:
        model.predict(X[:3] + 9, verbose=0)  # before the training: says nothing about it
        model.fit(X, y, epochs=1, verbose=0)
        model.predict(X, verbose=0)  # the training rows again
        found = [model.predict(X[i : i + 1] + 1, verbose=0) for i in range(6)]
        model.predict(X, verbose=0)
        return np.concatenate(found)

    subject, predicted = watched(program)
    np.testing.assert_array_equal(subject.prediction.X, X[:6] + 1)
    np.testing.assert_array_equal(subject.prediction_outputs, predicted)


def test_training_rows_predicted_again_are_the_prediction_when_there_is_no_other(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)

    def program() -> None:
        model.fit(X.astype(np.float64), y, epochs=1, verbose=0)
        model.predict(X, verbose=0)

    subject, _ = watched(program)
    np.testing.assert_array_equal(subject.prediction.X, X)


@pytest.mark.parametrize("when", ["before", "after", "split"])
def test_the_training_rows_evaluated_are_no_test(keras: Any, when: str) -> None:
    X, y = rows(60)
    model = mlp(keras)

    def program() -> None:
        if when == "before":
            model.evaluate(X, y, verbose=0)
        model.fit(X, y, epochs=3, verbose=0, validation_split=0.2 if when == "split" else 0.0)
        if when != "before":
            model.evaluate(X, y, verbose=0)
        model.predict(X, verbose=0)

    subject, _ = watched(program)
    skill = measure_all(subject, skip=("reference",)).get(SymptomFacts).symptom.skill
    assert skill is not None
    assert (skill.rows, skill.n_rows) == (("held_out", 12) if when == "split" else ("training", 60))


def test_a_second_fit_adds_only_what_is_new(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)

    def program() -> None:
        model.fit(X[:12], y[:12], epochs=1, verbose=0)
        model.fit(X[4:], y[4:], epochs=1, verbose=0)

    subject, _ = watched(program)
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, y)


def test_evaluate_gives_held_out_rows_and_labels_for_predictions(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)

    def program() -> None:
        model.fit(X, y, epochs=1, verbose=0)
        model.evaluate(X + 1, 1 - y, verbose=0)
        model.evaluate(X, y, verbose=0)
        model.predict(X[5:15] + 1, verbose=0)

    subject, _ = watched(program)
    np.testing.assert_array_equal(subject.held_out.X, X + 1)
    np.testing.assert_array_equal(subject.prediction.X, X[5:15] + 1)
    np.testing.assert_array_equal(subject.prediction.y, 1 - y[5:15])


def test_frozen_layers_and_trainable_set_after_compile(keras: Any) -> None:
    X, y = rows(40)
    model = mlp(keras)
    model.get_layer("first").trainable = False
    model.compile(optimizer="sgd", loss="binary_crossentropy")

    def program() -> None:
        model.fit(X, y, epochs=1, verbose=0)
        model.get_layer("first").trainable = True  # has no effect on training without compiling again
        model.fit(X, y, epochs=1, verbose=0)

    subject, _ = watched(program)
    held = {p.name: (p.trainable, p.in_optimizer) for p in subject.parameters()}
    assert held["first/kernel"] == (True, False)
    assert held["head/kernel"] == (True, True)


def test_pandas_lists_and_tensors(keras: Any) -> None:
    import tensorflow as tf

    from defib.capture.keras_rows import SeveralArrays, to_array

    X, y = rows(40)
    subject, _ = watched(lambda: mlp(keras).fit(tf.constant(X), tf.constant(y), epochs=1, verbose=0))
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(to_array({"x": X}), X)
    np.testing.assert_array_equal(to_array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]]))
    with pytest.raises(SeveralArrays):
        to_array([X, X])


def test_sample_weights_reach_the_trials(keras: Any) -> None:
    X, y = rows(16)
    weight = np.linspace(0, 3, 16).astype(np.float32)
    model = mlp(keras)
    start = [v.numpy() for v in model.weights]
    subject, _ = watched(lambda: model.fit(X, y, epochs=1, batch_size=16, sample_weight=weight, verbose=0))
    trained = subject.train(Arm(), subject.training, seed=0)
    from tests.adapters.test_keras import Oracle

    for found, before, gradient in zip(trained._values, start, Oracle(start).gradients(X, y, weight), strict=True):
        np.testing.assert_allclose(found, before - 0.1 * gradient, atol=2e-5)


def test_inputs_that_do_not_lie_side_by_side_are_said(keras: Any) -> None:
    import tensorflow as tf

    X, y = rows(16)

    class Ragged(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, parts: Any) -> Any:
            return self.out(tf.concat([parts[0], tf.strings.to_number(parts[1])], axis=1))

    model = Ragged()
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    texts = np.array([["1.0"]] * 16, dtype=object)
    data = tf.data.Dataset.from_tensor_slices(((X.astype("float32"), texts.astype(str)), y)).batch(8)
    with watching() as watcher:
        model.fit(data, epochs=1, verbose=0)
    assert watcher.subjects() == ()
    assert "several packed inputs" in watcher.errors[0]
    assert "keras.Model(one_input, one_output)" in watcher.errors[0]


def test_detach_puts_every_class_back(keras: Any) -> None:
    def attributes() -> list[Any]:
        from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function as function

        classes = [*keras.Model.__mro__, *keras.callbacks.CallbackList.__mro__, *keras.optimizers.Optimizer.__mro__]
        return [dict(cls.__dict__) for cls in [*classes, function] if "keras" in cls.__module__ or cls is function]

    before = attributes()
    with watching():
        assert attributes() != before
    after = attributes()
    assert [sorted(a) for a in after] == [sorted(b) for b in before]
    assert all(a[k] is b[k] for a, b in zip(after, before, strict=True) for k in b if callable(b[k]))


def network(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.4), layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse")
    return model


def streams(keras: Any, kind: str) -> dict[str, Any]:
    import tensorflow as tf

    X, y = rows(64)
    if kind == "arrays":
        return {"x": X, "y": y, "batch_size": 8, "validation_split": 0.2}
    if kind == "dataset":
        return {"x": tf.data.Dataset.from_tensor_slices((X, y)).shuffle(64).batch(8)}

    def batches() -> Iterator[Any]:
        rng = np.random.default_rng(0)
        while True:
            index = rng.integers(0, 64, 8)
            yield X[index], y[index]

    return {"x": batches(), "steps_per_epoch": 8}


@pytest.mark.parametrize("kind", ["arrays", "dataset", "generator"])
def test_training_is_bit_identical_with_and_without_the_watcher(keras: Any, kind: str) -> None:
    """Dropout, shuffling, batch norm, a model built by its first step, predictions and random draws in between."""
    import random

    def program() -> list[Any]:
        keras.utils.set_random_seed(5)
        model = network(keras)
        drawn: list[Any] = []
        for _ in range(2):
            model.fit(epochs=2, verbose=0, **streams(keras, kind))
            drawn += [random.random(), np.random.rand(), model.predict(rows(5)[0], verbose=0)]
        return [*[v.numpy() for v in model.weights], *drawn]

    alone = program()
    with watching() as watcher:
        together = program()
    assert watcher.errors == []
    assert len(watcher.subjects()) == 1
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_error_inside_is_noted_and_the_program_goes_on(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from defib.capture import keras_session

    def broken(*args: Any) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(keras_session.Session, "_training_rows", broken)
    X, y = rows(16)
    with watching() as watcher:
        history = mlp(keras).fit(X, y, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert watcher.errors == ["RuntimeError: inside"]
    assert not engaged()  # other watchers would look away for ever


def test_a_failing_fit_fails_as_before_and_leaves_no_turn_open(keras: Any) -> None:
    X, y = rows(16)
    with watching() as watcher:
        with pytest.raises(ValueError, match=r".+"):
            mlp(keras).fit(X[:, :2], y, epochs=1, verbose=0)
        assert watcher._session.depth == 0
        assert watcher._session.fitting == []
    assert watcher.subjects() == ()


def test_rows_of_plain_datasets_are_taken_without_a_tee_and_others_are_watched(keras: Any) -> None:
    import tensorflow as tf

    from defib.capture.keras_tee import slices

    X, y = rows(40)
    data = tf.data.Dataset.from_tensor_slices((X, y))
    plain = slices(data.shuffle(40).batch(8).repeat().prefetch(2))
    assert plain is not None
    assert (plain.batch_size, plain.shuffled) == (8, True)
    np.testing.assert_array_equal(plain.arrays[0], X)
    assert slices(data.batch(8)).shuffled is False  # type: ignore[union-attr]
    assert slices(data.shuffle(10).batch(8)) is None  # a small buffer leaves blocks: the order has to be seen
    assert slices(data.map(lambda a, b: (a * 2, b)).batch(8)) is None
    assert slices(data.take(10).batch(8)) is None

    watched_rows, _ = watched(
        lambda: mlp(keras).fit(data.map(lambda a, b: (a * 2, b)).shuffle(8).batch(8), epochs=2, verbose=0)
    )
    order = np.lexsort(watched_rows.training.X.T)
    np.testing.assert_array_equal(watched_rows.training.X[order], (2 * X)[np.lexsort(X.T)])
    assert watched_rows.trace.label_order is not None


def test_a_rate_that_falls_within_the_epoch_is_known_from_its_start(keras: Any) -> None:
    X = np.random.default_rng(0).normal(size=(64, 3))

    def program() -> Any:
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
        falling = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.5)
        model.compile(optimizer=keras.optimizers.SGD(falling), loss="mse")
        model.fit(X, np.zeros(64), epochs=3, batch_size=8, verbose=0)
        return model

    subject, _ = watched(program)
    assert subject.trace.rates[0] == pytest.approx((0.0, 0.1))
    assert subject.trace.rates[1][0] == pytest.approx(1 / 3)
    assert subject.trace.rates[1][1] <= 0.1 * 0.5**7 * 1.001  # the legacy Keras has not counted the last update yet
    falls = subject.train(Arm(), subject.training, seed=0).predict(X)
    stays = subject.train(Arm(constant_rate=True), subject.training, seed=0).predict(X)
    assert np.abs(stays).mean() < 0.2 * np.abs(falls).mean()
