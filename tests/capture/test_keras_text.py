"""Models whose first layers turn texts into numbers. The oracle is the user's own model, given the texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.adapters.keras import subject_from_model
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, load
from tests.capture.test_keras_fit import watched

pytestmark = [pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")]
WORDS = ("good", "bad", "film", "plot", "long", "very")


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def data(n: int = 24) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    texts = np.array([" ".join(rng.choice(WORDS, 5)) for _ in range(n)])
    return texts[:, None], np.array(["good" in one for one in texts], dtype=np.float32)


def reader_of_words(keras: Any, texts: Any, form: str) -> Any:
    look_up = keras.layers.TextVectorization(max_tokens=12, output_sequence_length=5)
    look_up.adapt(texts[:, 0])
    behind = [keras.layers.Embedding(12, 3), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
    given = keras.Input((1,), dtype="string")
    if form == "sequential":
        model = keras.Sequential([given, look_up, *behind])
    else:
        tensor = look_up(given)
        for layer in behind:
            tensor = layer(tensor)
        model = keras.Model(given, tensor)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="binary_crossentropy")
    return model


@pytest.mark.parametrize("form", ["sequential", "functional"])
def test_the_rows_are_the_numbers_behind_the_text_layer(keras: Any, form: str) -> None:
    import tensorflow as tf

    texts, y = data()
    model = reader_of_words(keras, texts, form)

    def program() -> Any:
        model.fit(tf.constant(texts[:16]), y[:16], epochs=2, batch_size=8, verbose=0, shuffle=False)
        return model.predict(tf.constant(texts[16:]), verbose=0)

    subject, predicted = watched(program)
    look_up = next(layer for layer in model.layers if hasattr(layer, "get_vocabulary"))
    np.testing.assert_array_equal(subject.training.X, look_up(tf.constant(texts[:16])))
    np.testing.assert_array_equal(subject.prediction.X, look_up(tf.constant(texts[16:])))
    np.testing.assert_allclose(subject.forward(subject.prediction.X).outputs, predicted, rtol=1e-5)
    assert len(subject.gradients(subject.training.X, y[:16])) == len(model.trainable_weights)
    trained = subject.train(Arm(), subject.training, seed=0)
    for value, end in zip(trained._values, model.trainable_weights, strict=True):
        np.testing.assert_allclose(value, end.numpy(), atol=2e-5)
    assert any(f"the layer {look_up.name} makes of the texts" in note for note in subject.trace.notes)


def test_texts_given_as_bytes_and_as_strings_are_the_same_rows(keras: Any) -> None:
    import tensorflow as tf

    texts, y = data()
    model = reader_of_words(keras, texts, "functional")

    def program() -> None:
        model.fit(tf.data.Dataset.from_tensor_slices((texts, y)).batch(8), epochs=2, verbose=0)
        model.predict(tf.constant(texts), verbose=0)

    subject, _ = watched(program)
    np.testing.assert_array_equal(subject.prediction.X, subject.training.X)


def test_watching_texts_changes_nothing(keras: Any) -> None:
    import tensorflow as tf

    texts, y = data()

    def program() -> Any:
        keras.utils.set_random_seed(4)
        model = reader_of_words(keras, texts, "sequential")
        model.fit(tf.constant(texts), y, epochs=2, batch_size=8, verbose=0)
        return [v.numpy() for v in model.trainable_weights], model.predict(tf.constant(texts), verbose=0)

    alone = program()
    _, together = watched(program)
    np.testing.assert_array_equal(alone[1], together[1])
    assert all(np.array_equal(a, b) for a, b in zip(alone[0], together[0], strict=True))


def test_texts_in_memory(keras: Any) -> None:
    import tensorflow as tf

    texts, y = data()
    model = reader_of_words(keras, texts, "sequential")
    model.fit(tf.constant(texts), y, epochs=1, verbose=0)
    subject = subject_from_model(model, texts, y, X_predict=texts[:4])
    assert subject.prediction is not None
    expected = model.predict(tf.constant(texts[:4]), verbose=0)
    np.testing.assert_allclose(subject.forward(subject.prediction.X).outputs, expected, rtol=1e-5)
    assert subject.can_train(Arm()) is None
