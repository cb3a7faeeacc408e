"""In which mode the program trained and predicted, as its own calls show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.capture.script import watch
from tests.adapters.keras_models import load

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


@pytest.mark.parametrize(("evaluating", "share"), [(False, 0.0), (True, 1.0)])
def test_torch_steps_and_calls(evaluating: bool, share: float) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    rows, labels = torch.from_numpy(X), torch.from_numpy(Y)
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters())
        net.train(not evaluating)
        for _ in range(6):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(rows), labels).backward()
            optimizer.step()
        net.train(not evaluating)
        with torch.no_grad():
            for start in (0, 5):
                net(rows[start : start + 5] + 1)
        subject = watched.subjects()[0]
    assert subject.trace.evaluation_mode_share == share
    assert subject.serving_calls is not None
    assert subject.serving_calls.in_training_mode is not evaluating
    assert subject.serving_calls.sizes == (5, 5)


def small(keras: Any) -> Any:
    layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((4,)), *layers])


@pytest.mark.parametrize("training", [None, True])
def test_keras_loop_by_hand(training: bool | None) -> None:
    import tensorflow as tf

    keras = load("keras")
    model, optimizer, loss = small(keras), keras.optimizers.Adam(), keras.losses.BinaryCrossentropy()
    with watch() as watched:
        for _ in range(4):
            with tf.GradientTape() as tape:
                value = loss(Y, model(X) if training is None else model(X, training=training))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        model.predict(X + 1, verbose=0)
        subject = watched.subjects()[0]
    assert subject.trace.evaluation_mode_share == (1.0 if training is None else 0.0)
    assert subject.serving_calls is not None
    assert not subject.serving_calls.in_training_mode


def test_keras_calls_in_training_mode() -> None:
    keras = load("keras")
    model = small(keras)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    with watch() as watched:
        model.fit(X, Y, epochs=1, verbose=0)
        outputs = [model(row[None] + 1, training=True).numpy() for row in X[:7]]
        subject = watched.subjects()[0]
    assert subject.serving_calls is not None
    assert subject.serving_calls.in_training_mode
    assert subject.serving_calls.sizes == (1,) * 7
    assert subject.prediction_outputs is not None
    np.testing.assert_array_equal(subject.prediction_outputs, np.concatenate(outputs))
