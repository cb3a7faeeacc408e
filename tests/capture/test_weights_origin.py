"""Where the weights that predicted come from: another instance, a load that fits nothing, a copy."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from defib.capture.script import watch
from defib.subject import WeightsOrigin
from tests.adapters.keras_models import load

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


def torch_origin(serve: Callable[[Any], Any]) -> WeightsOrigin | None:
    """Train a small network and let ``serve`` give the one that predicts."""
    torch.manual_seed(0)
    net, rows, labels = mlp(), torch.from_numpy(X), torch.from_numpy(Y)
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(30):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(rows), labels).backward()
            optimizer.step()
        with torch.no_grad():
            serve(net)(rows + 1)
        subjects = watched.subjects()
    return subjects[0].weights_origin


def mlp() -> Any:
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))


def prefixed(net: Any) -> Any:
    other = mlp()
    other.load_state_dict({f"module.{name}": value for name, value in net.state_dict().items()}, strict=False)
    return other


def loaded(net: Any) -> Any:
    other = mlp()
    other.load_state_dict(net.state_dict())
    return other


def test_the_trained_network_itself() -> None:
    found = torch_origin(lambda net: net)
    assert found is not None
    assert (found.another_instance, found.likeness_to_trained, found.loads) == (False, 1.0, ())


def test_a_load_that_found_no_name() -> None:
    found = torch_origin(prefixed)
    assert found is not None
    assert found.another_instance
    assert found.as_drawn
    assert abs(found.likeness_to_trained) < 0.5
    assert found.loads[0].filled_fraction == 0.0
    assert found.loads[0].after_training
    assert "0.weight" in found.loads[0].left
    assert "module.0.weight" in found.loads[0].unexpected


def test_a_load_that_fits_and_a_copy() -> None:
    for serve in (loaded, copy.deepcopy):
        found = torch_origin(serve)
        assert found is not None
        assert found.another_instance
        assert found.likeness_to_trained == 1.0


def test_an_instance_per_call_is_one_loop() -> None:
    def serve(net: Any) -> Any:
        for i in range(5):
            fresh(torch.from_numpy(X[i : i + 1]))
        return net

    def fresh(row: Any) -> None:
        mlp()(row)

    torch.manual_seed(0)
    net, rows, labels = mlp(), torch.from_numpy(X), torch.from_numpy(Y)
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(rows), labels).backward()
            optimizer.step()
        with torch.no_grad():
            serve(net)
        subject = watched.subjects()[0]
    assert subject.weights_origin is not None
    assert subject.weights_origin.another_instance
    assert subject.prediction is not None
    assert len(subject.prediction) == 5


def test_keras_clone_without_and_with_weights() -> None:
    keras = load("keras")
    for weights, like in ((False, False), (True, True)):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
        )
        model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
        with watch() as watched:
            model.fit(X, Y, epochs=5, batch_size=16, verbose=0)
            server = keras.models.clone_model(model)
            if weights:
                server.set_weights(model.get_weights())
            predicted = server.predict(X + 1, verbose=0)
            subject = watched.subjects()[0]
        found = subject.weights_origin
        assert found is not None
        assert found.another_instance
        assert (found.likeness_to_trained == 1.0) is like
        assert [one.filled_fraction for one in found.loads] == ([1.0] if weights else [])
        assert subject.prediction_outputs is not None
        np.testing.assert_array_equal(subject.prediction_outputs, predicted)


def test_keras_load_that_skips_what_does_not_fit(tmp_path: Path) -> None:
    keras = load("keras")
    file = tmp_path / "a.weights.h5"

    def build(units: int) -> Any:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])

    def origin(further: bool) -> WeightsOrigin | None:
        model, other = build(8), build(16)
        for one in (model, other):
            one.compile(optimizer="sgd", loss="mse")
        with watch() as watched:
            model.fit(X, Y, epochs=1, verbose=0)
            model.save_weights(file)
            other.load_weights(file, skip_mismatch=True)
            other.predict(X + 1, verbose=0)
            if further:
                other.fit(X, Y, epochs=1, verbose=0)
            found: WeightsOrigin | None = watched.subjects()[0].weights_origin
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing could be loaded; and Keras' own copies
        served, trained_on = origin(False), origin(True)
    assert served is not None
    assert trained_on is not None
    assert (served.another_instance, served.other_shapes, served.loads[0].filled_fraction) == (True, True, 0.0)
    assert not trained_on.another_instance  # what is trained on later is looked at for itself
