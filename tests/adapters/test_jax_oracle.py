"""The JAX Subject against the NumPy adapter: forward, every layer, gradients, loss, and a whole training."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from defib.adapters.jax import JaxSubject, subject, subject_from_model
from defib.adapters.numpy import NumpySubject, trained_subject
from defib.adapters.numpy_network import draw
from defib.errors import DefibError
from defib.recipe import Arm, InputTransform, OptimizerFacts, Recipe
from defib.subject import Rows

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 5)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)
EPOCHS, RATE = 4, 0.02


def mlp(params: Any, rows: Any) -> Any:
    hidden = jnp.tanh(rows @ params[0]["w"] + params[0]["b"])
    hidden = jnp.maximum(hidden @ params[1]["w"] + params[1]["b"], 0)
    return hidden @ params[2]["w"] + params[2]["b"]


def bce(outputs: Any, y: Any) -> Any:
    return optax.sigmoid_binary_cross_entropy(outputs, y).mean()


@pytest.fixture(scope="module")
def oracle() -> NumpySubject:
    """Four full batches of Adam in NumPy."""
    network = draw((5, 7, 6, 1), ("tanh", "relu", "linear"), seed=5)
    step = OptimizerFacts("adam", RATE)
    return trained_subject(
        network, X, Y, loss="bce_logits", optimizer=step, n_updates=EPOCHS, batch_size=len(X), shuffle=False
    )


def as_params(oracle: NumpySubject, moment: str) -> list[dict[str, Any]]:
    arrays = [one.initial if moment == "initial" else one.end for one in oracle.parameters()]
    return [{"w": jnp.asarray(w), "b": jnp.asarray(b)} for w, b in zip(arrays[::2], arrays[1::2], strict=True)]


@pytest.fixture(scope="module")
def plain(oracle: NumpySubject) -> JaxSubject:
    end, initial = as_params(oracle, "end"), as_params(oracle, "initial")
    return subject(
        *(mlp, end, X, Y),
        loss=bce,
        optimizer=optax.adam(RATE),
        epochs=EPOCHS,
        init_params=initial,
        shuffled=False,
    )


def test_what_is_read(plain: JaxSubject) -> None:
    loss, step = plain.recipe.loss, plain.recipe.optimizer
    assert loss is not None
    assert (loss.kind, loss.takes, loss.prediction_shape, loss.target_shape) == (
        "binary_cross_entropy",
        "logits",
        (8, 1),
        (8, 1),
    )
    assert step is not None
    assert (step.name, step.learning_rate, step.settings["beta_2"]) == ("adam", RATE, 0.999)
    assert [one.name for one in plain.parameters()] == ["0.b", "0.w", "1.b", "1.w", "2.b", "2.w"]
    assert plain.recipe.n_updates == EPOCHS
    assert plain.has_initial_weights


@pytest.mark.parametrize("moment", ["initial", "end"])
def test_layers_loss_and_gradients(plain: JaxSubject, oracle: NumpySubject, moment: Any) -> None:
    found, expected = plain.forward(X, moment=moment), oracle.forward(X, moment=moment)
    assert [(one.layer.name, one.layer.kind, one.layer.activation) for one in found.layers] == [
        ("0", "dense", None),
        ("0:tanh", "activation", "tanh"),
        ("1", "dense", None),
        ("1:relu", "activation", "relu"),
        ("2", "dense", None),
    ]
    for one, other in zip(found.layers, expected.layers, strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-6)
    assert found.layers[0].layer.parameters == ("0.w", "0.b")
    np.testing.assert_array_equal(found.outputs, found.layers[-1].values)
    assert plain.loss(X, Y, moment=moment) == pytest.approx(oracle.loss(X, Y, moment=moment), rel=1e-5)
    gradients = {one.name: one.values for one in plain.gradients(X, Y, moment=moment)}
    for correct, name in zip(
        oracle.gradients(X, Y, moment=moment), ("0.w", "0.b", "1.w", "1.b", "2.w", "2.b"), strict=True
    ):
        assert correct.values is not None
        np.testing.assert_allclose(gradients[name], correct.values, rtol=1e-3, atol=1e-6)  # type: ignore[arg-type]


def test_the_control_arm_repeats_the_training(plain: JaxSubject, oracle: NumpySubject) -> None:
    replay = plain.train(Arm(), Rows(X, Y), seed=0)
    np.testing.assert_allclose(replay.predict(X), oracle.forward(X).outputs, rtol=1e-3, atol=1e-5)
    assert replay.loss[0] == pytest.approx(oracle.loss(X, Y, moment="initial"), rel=1e-5)
    assert replay.link == "sigmoid"


def test_arms_change_what_they_say(plain: JaxSubject, oracle: NumpySubject) -> None:
    transform = InputTransform(X.mean(0), X.std(0))
    for arm in (Arm(learning_rate_factor=0.1), Arm(updates_factor=2.0), Arm(inputs=transform)):
        ours, theirs = (one.train(arm, Rows(X, Y), seed=0) for one in (plain, oracle))
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=2e-3, atol=1e-5)


def test_a_training_ends_where_the_arm_says(plain: JaxSubject) -> None:
    rows = Rows(X, Y)
    start = plain.train(Arm(stop_after=0), rows, seed=0)
    np.testing.assert_allclose(start.predict(X), plain.forward(X, moment="initial").outputs, rtol=1e-4, atol=1e-6)
    assert start.loss.size == 0
    whole = plain.train(Arm(), rows, seed=0).loss
    for arm, n in ((Arm(stop_at=0.5), 2), (Arm(stop_after=1), 1)):
        part = plain.train(arm, rows, seed=0).loss
        np.testing.assert_allclose(part, whole[: len(part)], rtol=1e-4)
        assert (len(part), len(whole)) == (n, 4)


def test_what_would_be_left_undone_is_refused(plain: JaxSubject) -> None:
    assert "optax" in (plain.can_train(Arm(rate_cap=0.01)) or "")


def test_every_edit_trains(plain: JaxSubject) -> None:
    edits = [
        *(("batch_norm", None), ("double_width", None), ("hidden_activation", "leaky_relu")),
        *(("reinitialize", "he"), ("halve_depth", None)),
    ]
    reasons = {op: plain.can_train(Arm().with_edit(op, value)) for op, value in edits}
    assert reasons.pop("halve_depth") == "no hidden layer has inputs and outputs of the same shape"
    assert set(reasons.values()) == {None}
    before = plain.train(Arm(), Rows(X, Y), seed=0).predict(X)
    for op, value in edits[:-1]:
        after = plain.train(Arm().with_edit(op, value), Rows(X, Y), seed=0).predict(X)
        assert after.shape == before.shape
        assert not np.allclose(after, before), op
    two = Arm().with_edit("output_units", 2).with_edit("head", "linear").with_edit("loss", "ce_logits")
    trained = plain.train(two, Rows(X, Y), seed=0)
    assert trained.predict(X).shape == (24, 2)
    assert trained.link == "softmax"


class Net(nnx.Module):  # type: ignore[misc]
    """Dense, batch normalization, relu, dropout, dense, gelu, dense, sigmoid."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(5, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.second = nnx.Linear(8, 8, rngs=rngs)
        self.last = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, rows: Any) -> Any:
        hidden = self.drop(nnx.relu(self.norm(self.first(rows))))
        return nnx.sigmoid(self.last(nnx.gelu(self.second(hidden))))


def log_loss(p: Any, y: Any) -> Any:
    return -jnp.mean(y * jnp.log(p + 1e-7) + (1 - y) * jnp.log(1 - p + 1e-7))


def test_an_nnx_module_is_read_and_left_as_it_is() -> None:
    model = Net(nnx.Rngs(0))
    model.eval()
    before = jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.RngState))))
    net = subject_from_model(model, X, Y, recipe=Recipe(log_loss, optax.adamw(1e-2, weight_decay=0.1), 3, 8))
    names = [one.layer.name for one in net.forward(X).layers]
    assert names == ["first", "norm", "norm:relu", "second", "second:gelu", "last", "last:sigmoid"]
    assert "dropout" in [one.layer.name for one in net.forward(X, training=True).layers]
    np.testing.assert_allclose(net.forward(X).outputs, model(jnp.asarray(X)), rtol=1e-5)
    assert set(net.buffers()) == {"norm.mean", "norm.variance"}
    facts = net.recipe.optimizer
    assert facts is not None
    assert (facts.name, facts.settings["weight_decay"]) == ("adamw", 0.1)
    trained = net.train(Arm(recomputed_statistics=True), Rows(X, Y), seed=0)
    assert np.isfinite(trained.predict(X)).all()
    after = jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.RngState))))
    jax.tree.map(np.testing.assert_array_equal, before, after)
    assert model.norm.use_running_average
    assert model.drop.deterministic


def test_masks_freeze_and_can_be_taken_away(oracle: NumpySubject) -> None:
    initial = as_params(oracle, "initial")
    labels = [{"w": "still", "b": "still"}, {"w": "still", "b": "still"}, {"w": "moves", "b": "moves"}]
    tx = optax.multi_transform({"moves": optax.adam(RATE), "still": optax.set_to_zero()}, labels)
    net = subject(mlp, initial, X, Y, loss=bce, optimizer=tx, epochs=2, init_params=initial)
    assert {one.name for one in net.parameters() if not one.trainable} == {"0.b", "0.w", "1.b", "1.w"}
    canonical = Arm(loop="canonical").with_edit("unfreeze")
    recorded, freed = (net.train(arm, Rows(X, Y), seed=0) for arm in (Arm(), canonical))
    assert not np.allclose(recorded.predict(X), freed.predict(X))


@pytest.mark.parametrize(
    ("tx", "still"),
    [
        (optax.multi_transform({"moves": optax.adam(RATE), "still": optax.set_to_zero()}, lambda p: "still"), True),
        (optax.sgd(0.0), False),
        (optax.adamw(0.0, mask=lambda p: jax.tree.map(lambda one: one.ndim > 1, p)), False),
    ],
    ids=["labels", "rate", "decay"],
)
def test_all_frozen_is_no_rate_of_zero(oracle: NumpySubject, tx: Any, still: bool) -> None:
    initial = as_params(oracle, "initial")
    net = subject(mlp, initial, X, Y, loss=bce, optimizer=tx, epochs=2, init_params=initial)
    assert {one.trainable for one in net.parameters()} == {not still}


def test_errors_have_three_beats() -> None:
    params = [{"w": jnp.ones((5, 1))}]
    for given, slug in (
        ((lambda p, x: x @ p, params, X), "model-does-not-run"),
        ((lambda p, x: x @ p[0]["w"], params, X[:0]), "no-rows"),
        ((lambda p, x: x @ p[0]["w"], params, X, Y[:3]), "unequal-lengths"),
        ((lambda p, x: x, {}, X), "no-parameters"),
    ):
        with pytest.raises(DefibError) as caught:
            subject(*given)
        assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("clip", "is_limit"),
    [
        (optax.clip_by_global_norm(1e-6), True),
        (optax.clip(1e-6), True),
        (optax.clip_by_block_rms(1e-6), True),
        (optax.adaptive_grad_clip(1e-6), True),
        (optax.add_noise(1e-6, 0.0, 0), False),
    ],
    ids=["norm", "value", "rms", "adaptive", "noise"],
)
def test_clipping_that_is_a_part_of_the_chain_is_left_out(oracle: NumpySubject, clip: Any, is_limit: bool) -> None:
    start = as_params(oracle, "initial")

    def trained(tx: Any, arm: Arm) -> Any:
        made = subject(mlp, start, X, Y, loss=bce, optimizer=tx, epochs=EPOCHS, init_params=start)
        made.train(Arm(), Rows(X, Y), seed=0)  # the control must not lend it its compiled loop
        return made.train(arm, Rows(X, Y), seed=0).predict(X)

    clipped, free = trained(optax.chain(clip, optax.sgd(RATE)), Arm(clipped=False)), trained(optax.sgd(RATE), Arm())
    if is_limit:
        np.testing.assert_allclose(clipped, free, atol=1e-6)
        assert np.abs(trained(optax.chain(clip, optax.sgd(RATE)), Arm()) - free).max() > 1e-4
    else:
        assert np.isfinite(clipped).all()
