"""Each edit changes what it should, in Sequential and functional models; others say why they cannot."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from defib.adapters.keras import KerasSubject, subject_from_model
from defib.adapters.keras.penalties import constraints
from defib.adapters.keras.weights import weights_of
from defib.recipe import Arm
from tests.adapters.keras_models import FLAVORS, assert_same, door, load, mlp, rows, snapshot


@pytest.fixture(params=FLAVORS)
def keras(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def functional(keras: Any) -> Any:
    """Two hidden layers with a skip, activations as layers, compiled."""
    layers = keras.layers
    x = keras.Input((3,))
    a = layers.Activation("tanh", name="act_1")(layers.Dense(4, name="d1")(x))
    b = layers.Activation("tanh", name="act_2")(layers.Dense(4, name="d2")(a))
    z = layers.Dense(1, name="head")(layers.Add(name="skip")([a, b]))
    model = keras.Model(x, layers.Activation("sigmoid", name="out")(z))
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    return model


def subject_of(model: Any, y: Any = None) -> KerasSubject:
    X, labels = rows()
    subject = subject_from_model(model, X, labels if y is None else y, epochs=2, batch_size=8)
    subject.captured = replace(subject.captured, initial=[np.array(v.numpy()) for v in model.weights])
    return subject


def program(subject: KerasSubject, arm: Arm) -> Any:
    """The network of an arm; also trains it, so that the edit is shown to run."""
    assert subject.training is not None
    assert subject.can_train(arm) is None
    trained = subject.train(arm, subject.training, seed=0)
    assert np.isfinite(trained.predict(subject.training.X)).all()
    return subject._program(arm)


def shown(subject: KerasSubject, arm: Arm) -> list[tuple[str, str | None]]:
    """Kind and activation of every step of an arm's network, in the order in which it runs."""
    from defib.adapters.keras.trace import trace

    made = program(subject, arm)
    assert subject.training is not None
    kept = trace(made.clone.model, subject.training.X, training=False).layers
    return [(one.layer.kind, one.layer.activation) for one in kept]


def sources(subject: KerasSubject, arm: Arm) -> list[int | None]:
    found: list[int | None] = subject._program(arm).clone.sources
    return found


def test_hidden_activation(keras: Any) -> None:
    subject, arm = subject_of(mlp(keras, depth=2)), Arm().with_edit("hidden_activation", "relu")
    assert [a for k, a in shown(subject, arm) if k == "activation"] == ["relu", "relu", "sigmoid"]
    assert sources(subject, arm) == [None] * 4 + [4, 5]
    functional_subject = subject_of(functional(keras))
    assert [a for k, a in shown(functional_subject, arm) if k == "activation"] == ["relu", "relu", "sigmoid"]
    assert sources(functional_subject, arm)[-2:] == [4, 5]


def test_batch_norm_stands_before_the_activation(keras: Any) -> None:
    arm = Arm().with_edit("batch_norm")
    for model in (mlp(keras, depth=2), functional(keras)):
        kinds = [kind for kind, _ in shown(subject_of(model), arm) if kind != "merge"]
        assert kinds == ["dense", "norm", "activation", "dense", "norm", "activation", "dense", "activation"]
    subject = subject_of(mlp(keras))
    program(subject, arm)
    assert [s for s in sources(subject, arm) if s is not None] == [0, 1, 2, 3]


def test_halve_depth_leaves_out_every_second_layer_that_keeps_its_shape(keras: Any) -> None:
    subject, arm = subject_of(mlp(keras, depth=5)), Arm().with_edit("halve_depth")
    assert [k for k, _ in shown(subject, arm)].count("dense") == 1 + 2 + 1
    assert sources(subject, arm) == [0, 1, 4, 5, 8, 9, 10, 11]
    assert subject_of(mlp(keras)).can_train(arm) == (
        "no hidden layer has an input and an output of the same shape, so none can be left out"
    )


def test_halve_depth_leaves_out_recurrent_layers_that_hand_a_sequence_on(keras: Any) -> None:
    layers = keras.layers
    stack = [layers.LSTM(4, return_sequences=True) for _ in range(5)]
    model = keras.Sequential([keras.Input((2, 3)), *stack, layers.LSTM(4), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    X = np.random.default_rng(0).normal(size=(8, 2, 3)).astype(np.float32)
    subject, arm = subject_from_model(model, X, X[:, 0, 0], epochs=1), Arm().with_edit("halve_depth")
    assert [k for k, _ in shown(subject, arm)].count("recurrent") == 4


def test_double_width(keras: Any) -> None:
    subject, arm = subject_of(mlp(keras, depth=2)), Arm().with_edit("double_width")
    shapes = [tuple(v.shape) for v in program(subject, arm).clone.model.weights]
    assert shapes == [(3, 8), (8,), (8, 8), (8,), (8, 1), (1,)]
    assert sources(subject, arm) == [None] * 6


@pytest.mark.parametrize(("how", "variance"), [("default", 2 / (300 + 200)), ("he", 2 / 300)])
def test_reinitialize_draws_from_the_framework_default(keras: Any, how: str, variance: float) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [door(keras, 300), layers.Dense(200, kernel_initializer="zeros", bias_initializer="ones"), layers.Dense(1)]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    X = np.random.default_rng(0).normal(size=(8, 300)).astype(np.float32)
    subject = subject_from_model(model, X, X[:, 0], epochs=1)
    assert subject.training is not None
    trained: Any = subject.train(Arm().with_edit("reinitialize", how), subject.training, seed=0)
    assert trained._values[0].std() == pytest.approx(np.sqrt(variance), rel=0.03)
    np.testing.assert_array_equal(trained._values[1], 0)


@pytest.mark.parametrize("frozen", [True, False])
def test_reinitialize_draws_a_table_that_tells_no_token_from_another_and_lets_it_learn(
    keras: Any, frozen: bool
) -> None:
    tokens = np.random.default_rng(0).integers(0, 50, (64, 3))
    y, arm, ends = tokens[:, 0] / 50.0, Arm().with_edit("reinitialize", "default"), []
    for rate in (0.0, 0.5):
        table = keras.layers.Embedding(50, 8, embeddings_initializer="zeros", trainable=not frozen)
        model = keras.Sequential([keras.Input((3,)), table, keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
        subject = subject_from_model(model, tokens, y, epochs=1)
        assert subject.training is not None
        trained: Any = subject.train(arm, subject.training, seed=0)
        ends.append(trained._values[0])
    assert ends[0].std() > 0.01
    assert (ends[0] != ends[1]).any()
    table.set_weights([np.random.default_rng(1).normal(size=(50, 8))])
    assert sources(subject_from_model(model, tokens, y, epochs=1), arm)[0] == 0


def test_head_and_loss(keras: Any) -> None:
    ids = rows()[1].astype(int)
    subject = subject_of(mlp(keras, head="relu", units=2, loss="sparse_categorical_crossentropy"), ids)
    arm = Arm().with_edit("head", "linear").with_edit("loss", "ce_logits")
    assert [a for k, a in shown(subject, arm) if k == "activation"] == ["tanh"]
    assert subject.training is not None
    assert subject.train(arm, subject.training, seed=0).link == "softmax"
    squashed = Arm().with_edit("head", "softmax").with_edit("loss", "ce")
    assert [a for k, a in shown(subject, squashed) if k == "activation"] == ["tanh", "softmax"]
    assert subject.train(squashed, subject.training, seed=0).link == "identity"
    layer_head = subject_of(functional(keras))
    assert [a for k, a in shown(layer_head, Arm().with_edit("head", "linear")) if k == "activation"][-1] == "linear"


def test_output_units_with_a_loss_that_fits(keras: Any) -> None:
    subject = subject_of(mlp(keras), rows()[1].astype(int))
    arm = Arm().with_edit("output_units", 3).with_edit("head", "linear").with_edit("loss", "ce_logits")
    program(subject, arm)
    assert subject.training is not None
    assert subject.train(arm, subject.training, seed=0).predict(subject.training.X).shape == (32, 3)
    assert "does not run" in str(subject.can_train(Arm().with_edit("output_units", 3)))


def test_canonical_losses_equal_the_formulas(keras: Any) -> None:
    X, y = rows()
    model = mlp(keras, head="linear", loss="mse", optimizer=keras.optimizers.SGD(0.0))
    subject = subject_of(model)
    assert subject.training is not None
    z = subject.forward(X).outputs[:, 0].astype(np.float64)
    p = 1 / (1 + np.exp(-z))
    expected = {
        "bce_logits": -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
        "mse": np.mean((z - y) ** 2),
    }
    for name, value in expected.items():
        trained = subject.train(Arm().with_edit("loss", name), subject.training, seed=0)
        assert trained.loss.mean() == pytest.approx(value, rel=1e-4)


def test_match_shapes_repairs_a_broadcast(keras: Any) -> None:
    import tensorflow as tf

    def careless(y: Any, p: Any) -> Any:
        return tf.reduce_mean((y - p) ** 2)

    X, y = rows(8)
    deep = y.reshape(8, 1, 1, 1)
    model = mlp(keras, head="linear", loss=careless, optimizer=keras.optimizers.SGD(0.0))
    subject = subject_from_model(model, X, deep, epochs=1, batch_size=8)
    assert subject.training is not None
    subject.captured = replace(subject.captured, initial=[np.array(v.numpy()) for v in model.weights])
    z = subject.forward(X).outputs[:, 0]
    broadcast = subject.train(Arm(), subject.training, seed=0).loss[0]
    repaired = subject.train(Arm().with_edit("match_shapes"), subject.training, seed=0).loss[0]
    assert broadcast == pytest.approx(np.mean((y[:, None] - z[None, :]) ** 2), rel=1e-4)
    assert repaired == pytest.approx(np.mean((y - z) ** 2), rel=1e-4)


def test_unfreeze_and_canonical_loop(keras: Any) -> None:
    model = mlp(keras)
    model.get_layer("first").trainable = False
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    subject = subject_of(model)
    start = subject.captured.initial
    assert subject.training is not None
    assert start is not None
    for arm, moves in ((Arm(), False), (Arm(loop="canonical"), False), (Arm().with_edit("unfreeze"), True)):
        trained: Any = subject.train(arm, subject.training, seed=0)
        assert (
            bool(
                np.any(
                    trained._values[subject_index(model, "first/kernel")] != start[subject_index(model, "first/kernel")]
                )
            )
            is moves
        )
        assert np.any(
            trained._values[subject_index(model, "head/kernel")] != start[subject_index(model, "head/kernel")]
        )


def subject_index(model: Any, name: str) -> int:
    from defib.adapters.keras.weights import weights_of

    return next(weight.index for weight in weights_of(model) if weight.name == name)


def test_only_what_the_user_trained_is_trained_as_recorded(keras: Any) -> None:
    model = mlp(keras)
    subject = subject_of(model)
    subject.captured = replace(subject.captured, trained=frozenset({2, 3}))
    assert subject.training is not None
    held = {p.name: p.in_optimizer for p in subject.parameters()}
    assert held == {"first/kernel": False, "first/bias": False, "head/kernel": True, "head/bias": True}
    recorded: Any = subject.train(Arm(), subject.training, seed=0)
    canonical: Any = subject.train(Arm(loop="canonical"), subject.training, seed=0)
    np.testing.assert_array_equal(recorded._values[0], model.weights[0].numpy())
    assert np.any(canonical._values[0] != model.weights[0].numpy())


def test_dropout_off_and_input_norm(keras: Any) -> None:
    layers = keras.layers
    model = keras.Sequential([door(keras, 3), layers.Dropout(0.9), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    subject = subject_of(model)
    assert subject.training is not None
    off = subject.train(Arm(shuffle=False).with_edit("dropout", 0.0), subject.training, seed=0).loss
    on = subject.train(Arm(shuffle=False), subject.training, seed=0).loss
    np.testing.assert_allclose(off[:4], off[4:], rtol=1e-6)
    assert np.abs(on[:4] - on[4:]).max() > 1e-3
    assert subject_of(mlp(keras)).can_train(Arm().with_edit("dropout", 0.0)) == "the model has no dropout"
    normed: Any = subject.train(Arm().with_edit("input_norm"), subject.training, seed=0)
    weights = [v.numpy() for v in model.weights]
    X = subject.training.X
    expected = (X - X.mean(0)) / X.std(0) @ weights[0] + weights[1]
    np.testing.assert_allclose(normed.predict(X), expected, atol=1e-5)


def test_regularization_factor(keras: Any) -> None:
    layers = keras.layers
    model = keras.Sequential([door(keras, 3), layers.Dense(1, kernel_regularizer="l2")])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    subject = subject_of(model)
    assert subject.training is not None
    assert subject.training.y is not None
    penalty = 0.01 * float((model.weights[0].numpy() ** 2).sum())
    loss = [
        subject.train(Arm(regularization_factor=f), subject.training, seed=0).loss.mean() for f in (0.0, 1.0, 100.0)
    ]
    assert loss[1] - loss[0] == pytest.approx(penalty, rel=1e-2)
    assert loss[2] - loss[0] == pytest.approx(100 * penalty, rel=1e-3)
    # asked about the weights as they stand, on every backend
    assert subject.loss(subject.training.X, subject.training.y) - loss[0] == pytest.approx(penalty, rel=1e-2)


def test_a_rate_in_place_of_zero(keras: Any) -> None:
    model = mlp(keras, optimizer=keras.optimizers.SGD(0.0))
    other = mlp(keras, optimizer=keras.optimizers.SGD(0.2))
    other.set_weights(model.get_weights())
    woken, usual = (subject_of(one) for one in (model, other))
    assert woken.training is not None
    arms = (Arm().with_edit("woken_rate", 0.2), Arm().with_edit("woken_rate", 7.0))
    found, expected = (
        one.train(arm, woken.training, seed=0)._values  # type: ignore[attr-defined]
        for one, arm in zip((woken, usual), arms, strict=True)
    )
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert not np.allclose(found[0], model.get_weights()[0])


def test_without_a_penalty_there_is_no_constraint(keras: Any) -> None:
    layers = keras.layers
    tight = keras.constraints.MaxNorm(0.01)
    model = keras.Sequential([door(keras, 3), layers.Dense(1, kernel_constraint=tight, name="held")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    subject = subject_of(model)
    assert subject.training is not None
    kernel = model.weights[0].numpy()
    ((layer, name, share),) = constraints(weights_of(model), [v.numpy() for v in model.weights])
    assert (layer, name) == ("held", "MaxNorm")
    assert share == pytest.approx(0.01 / np.linalg.norm(kernel), rel=1e-3)
    sizes = [
        float(np.linalg.norm(subject.train(Arm(regularization_factor=f), subject.training, seed=0)._values[0]))  # type: ignore[attr-defined]
        for f in (1.0, 0.01)
    ]
    assert sizes[0] <= 0.0101
    assert sizes[1] > 0.1
    assert model.weights[0].constraint is not None


def test_recomputed_statistics_are_those_of_all_rows(keras: Any) -> None:
    layers = keras.layers
    norm = layers.BatchNormalization(momentum=0.999)
    model = keras.Sequential([door(keras, 3), layers.Dense(4), norm, layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    subject = subject_of(model)
    assert subject.training is not None
    arm = Arm(recomputed_statistics=True, updates_factor=0.1)
    trained = subject.train(arm, subject.training, seed=0)
    X = subject.training.X
    kernel, bias, gamma, beta, _, _, last, end = (v.numpy() for v in model.weights)
    inner = X @ kernel + bias
    sizes = [len(part) for part in np.array_split(X, -(-len(X) // 256))]
    variances = [part.var(0) for part in np.split(inner, np.cumsum(sizes)[:-1])]
    normed = (inner - inner.mean(0)) / np.sqrt(np.mean(variances, axis=0) + norm.epsilon) * gamma + beta
    np.testing.assert_allclose(trained.predict(X), normed @ last + end, atol=2e-3)
    assert norm.momentum == 0.999


def subclassed(keras: Any, *, buildable: bool) -> Any:
    """A user's own class; ``buildable`` says whether its constructor can be called again from its config."""

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self, width: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.width = width
            self.first = keras.layers.Dense(width if isinstance(width, int) else next(width), name="first")
            self.head = keras.layers.Dense(1, name="head")

        def call(self, x: Any, training: bool = False) -> Any:
            import tensorflow as tf

            return tf.sigmoid(self.head(tf.nn.relu(self.first(x))))

        def get_config(self) -> dict[str, Any]:
            if not buildable:
                raise NotImplementedError("no config")
            return {"width": self.width}

    model = Own(4 if buildable else iter([4]))  # an iterator gives its width once
    model(np.zeros((1, 3), np.float32))
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    return model


@pytest.mark.parametrize("buildable", [True, False])
def test_a_subclassed_model_is_looked_at_and_trained(keras: Any, buildable: bool) -> None:
    model = subclassed(keras, buildable=buildable)
    X, y = rows()
    model.fit(X, y, epochs=1, verbose=0)
    before = snapshot(keras, model)
    subject = subject_of(model)
    assert not subject.base().borrowed
    forward = subject.forward(X)
    steps = [(kept.layer.name, kept.layer.activation) for kept in forward.layers]
    assert steps == [("first", None), ("first:relu", "relu"), ("head", None), ("head:sigmoid", "sigmoid")]
    W1, b1 = (v.numpy() for v in model.weights[:2])
    np.testing.assert_allclose(forward.layers[1].values, np.maximum(X @ W1 + b1, 0), atol=1e-5)
    assert subject.training is not None
    trained: Any = subject.train(Arm(), subject.training, seed=0)
    assert np.any(trained._values[0] != W1)
    assert trained.predict(X).shape == (32, 1)
    assert_same(before, snapshot(keras, model))


def test_nested_convolution_and_recurrent_models_are_opened(keras: Any) -> None:
    layers = keras.layers
    inner = keras.Sequential([door(keras, 6, 2), layers.Conv1D(3, 2, activation="relu", name="conv")], name="inner")
    model = keras.Sequential(
        [door(keras, 6, 2), inner, layers.LSTM(4, name="lstm"), layers.Dropout(0.1), layers.Dense(1, name="head")]
    )
    model.compile(optimizer="sgd", loss="mse")
    X = np.random.default_rng(0).normal(size=(16, 6, 2)).astype(np.float32)
    subject = subject_from_model(model, X, X[:, 0, 0], epochs=1, batch_size=8)
    kept = subject.forward(X).layers
    assert [one.layer.name for one in kept][:3] == ["conv", "conv:relu", "lstm"]
    assert [one.layer.kind for one in kept][:3] == ["conv", "activation", "recurrent"]
    assert kept[0].values.shape == (16, 5, 3)
    assert {p.layer for p in subject.parameters()} == {"conv", "lstm", "head"}
    np.testing.assert_allclose(subject.forward(X).outputs, model.predict(X, verbose=0), atol=1e-5)
    program(subject, Arm().with_edit("batch_norm"))
    program(subject, Arm().with_edit("reinitialize", "default"))


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "zeros"])
def test_a_layer_whose_constructor_takes_its_own_arguments_alone_is_made_again(keras: Any, drawn: bool) -> None:
    """Its config holds a name and a type that it does not take; what it drew itself stays, zeros are drawn."""

    class Gate(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name, "trainable": self.trainable, "dtype": "float32"}

        def build(self, shape: Any) -> None:
            how = "glorot_uniform" if drawn else "zeros"
            self.w = self.add_weight(shape=(shape[-1], self.units), initializer=how, name="w")

        def call(self, x: Any) -> Any:
            return x @ self.w

    model = keras.Sequential([door(keras, 3), Gate(40), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    subject = subject_of(model, rows()[1])
    made = program(subject, Arm().with_edit("reinitialize", "default"))
    assert [one.name for one in made.clone.model.layers] == [one.name for one in model.layers]
    assert (made.clone.sources[0] is None) == (not drawn)
    assert subject.training is not None
    trained: Any = subject.train(Arm().with_edit("reinitialize", "default"), subject.training, seed=0)
    assert trained._values[0].std() == pytest.approx(np.sqrt(2 / 43), rel=0.2)
