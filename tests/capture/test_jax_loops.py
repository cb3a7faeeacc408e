"""JAX programs as users write them, watched: what is seen of them, and that nothing about them changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

from defib.adapters.jax import JaxSubject
from defib.capture.script import watch
from defib.recipe import Arm

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6)).astype(np.float32)
Y = (X[:, :1] + X[:, 1:2] > 0).astype(np.float32)
NEW = RNG.normal(size=(30, 6)).astype(np.float32)


class Net(nnx.Module):  # type: ignore[misc]
    """One hidden layer with dropout and batch normalization."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(6, 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.drop = nnx.Dropout(0.2, rngs=rngs)
        self.last = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, rows: Any) -> Any:
        return self.last(self.drop(nnx.relu(self.norm(self.first(rows)))))


def nnx_compiled() -> list[Any]:
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)

    @nnx.jit  # type: ignore[untyped-decorator]
    def train_step(model: Any, optimizer: Any, x: Any, y: Any) -> Any:
        def loss_fn(model: Any) -> Any:
            return optax.sigmoid_binary_cross_entropy(model(x), y).mean()

        loss, grads = nnx.value_and_grad(loss_fn)(model)
        optimizer.update(model, grads)
        return loss

    model.train()
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        train_step(model, optimizer, X[i : i + 40], Y[i : i + 40])
    model.eval()
    return [nnx.to_pure_dict(nnx.state(model, nnx.Not(nnx.RngState))), model(NEW)]


def nnx_eager() -> list[Any]:
    model = nnx.Linear(6, 1, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        x, y = X[i : i + 40], Y[i : i + 40]

        def loss_fn(model: Any, x: Any = x, y: Any = y) -> Any:
            return ((model(x) - y) ** 2).mean()

        optimizer.update(model, nnx.grad(loss_fn)(model))
    return [nnx.to_pure_dict(nnx.state(model)), model(NEW)]


def init(key: Any) -> Any:
    keys = jax.random.split(key, 2)
    return [
        (jax.random.normal(one, shape) * 0.5, jnp.zeros(shape[1]))
        for one, shape in zip(keys, ((6, 8), (8, 1)), strict=True)
    ]


def predict(params: Any, x: Any) -> Any:
    (w0, b0), (w1, b1) = params
    return jax.nn.sigmoid(jnp.tanh(x @ w0 + b0) @ w1 + b1)


def log_loss(params: Any, x: Any, y: Any) -> Any:
    p = predict(params, x)
    return -jnp.mean(y * jnp.log(p + 1e-7) + (1 - y) * jnp.log(1 - p + 1e-7))


def by_hand() -> list[Any]:
    @jax.jit  # type: ignore[untyped-decorator]
    def update(params: Any, x: Any, y: Any) -> Any:
        grads = jax.grad(log_loss)(params, x, y)
        return jax.tree.map(lambda p, g: p - 0.5 * g, params, grads)

    params = init(jax.random.key(0))
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        params = update(params, X[i : i + 40], Y[i : i + 40])
    return [params, jax.jit(predict)(params, NEW)]


def optax_outside() -> list[Any]:
    params = init(jax.random.key(0))
    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(0.05, 9)))
    state = tx.init(params)
    gradient = jax.jit(jax.value_and_grad(log_loss))
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        _, grads = gradient(params, X[i : i + 40], Y[i : i + 40])
        moves, state = tx.update(grads, state, params)
        params = optax.apply_updates(params, moves)
    return [params, jax.jit(predict)(params, NEW)]


class Linen(nn.Module):  # type: ignore[misc]
    """Batch normalization and a switch for training."""

    @nn.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any, train: bool = True) -> Any:
        x = nn.BatchNorm(use_running_average=not train, momentum=0.5)(nn.Dense(8)(x))
        return nn.Dense(1)(nn.relu(x))


class State(TrainState):  # type: ignore[misc]
    """With running statistics."""

    batch_stats: Any


def linen(*, donates: bool = False) -> list[Any]:
    """``donates``: each step overwrites the memory of the state that it is given, which an evaluation took before."""
    net = Linen()
    variables = net.init(jax.random.key(0), X[:1])
    state = State.create(
        apply_fn=net.apply, params=variables["params"], tx=optax.adam(1e-2), batch_stats=variables["batch_stats"]
    )

    @partial(jax.jit, donate_argnums=(0,) if donates else ())
    def step(state: Any, x: Any, y: Any) -> Any:
        def loss_fn(params: Any) -> Any:
            variables = {"params": params, "batch_stats": state.batch_stats}
            out, after = state.apply_fn(variables, x, train=True, mutable=["batch_stats"])
            return optax.sigmoid_binary_cross_entropy(out, y).mean(), after

        (loss, after), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
        return state.apply_gradients(grads=grads, batch_stats=after["batch_stats"]), loss

    ask = jax.jit(lambda state, x: net.apply({"params": state.params, "batch_stats": state.batch_stats}, x, False))
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        if donates:
            ask(state, NEW)
        state, _ = step(state, X[i : i + 40], Y[i : i + 40])
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    return [state.params, state.batch_stats, net.apply(variables, NEW, train=False)]


PROGRAMS: dict[str, tuple[Callable[[], list[Any]], str, float, int]] = {
    "nnx_compiled": (nnx_compiled, "adam", 1e-2, 6),
    "nnx_eager": (nnx_eager, "sgd", 0.1, 2),
    "by_hand": (by_hand, "sgd", 0.5, 4),
    "optax_outside": (optax_outside, "adam", 0.05, 4),
    "linen": (linen, "adam", 1e-2, 6),
    "linen_donating": (partial(linen, donates=True), "adam", 1e-2, 6),
}
"""Program, optimizer, learning rate, number of weight arrays."""


@pytest.fixture(scope="module", params=list(PROGRAMS))
def seen(request: pytest.FixtureRequest) -> tuple[str, list[Any], list[Any], JaxSubject]:
    """The program's results unwatched and watched, and the Subject."""
    program = PROGRAMS[request.param][0]
    alone = program()
    with watch() as watched:
        under = program()
    (subject,) = watched.subjects()
    assert watched.notes == ()
    assert isinstance(subject, JaxSubject)
    return request.param, alone, under, subject


def test_the_program_gives_the_same_bits(seen: Any) -> None:
    _, alone, under, _ = seen
    jax.tree.map(np.testing.assert_array_equal, alone, under)


def test_rows_steps_and_settings(seen: Any) -> None:
    name, _, under, subject = seen
    recipe = subject.recipe
    assert (recipe.n_updates, recipe.n_epochs, recipe.batch_size, recipe.shuffled) == (9, 3, 40, False)
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, Y)
    assert (recipe.optimizer.name, recipe.optimizer.learning_rate) == (
        PROGRAMS[name][1],
        pytest.approx(PROGRAMS[name][2]),
    )
    assert len(subject.trace.loss_per_update) == 9
    assert [one.gradient_in_loop for one in subject.parameters()] == ["nonzero"] * PROGRAMS[name][3]
    assert "fit" in recipe.sources
    np.testing.assert_array_equal(subject.prediction.X, NEW)
    np.testing.assert_allclose(subject.forward(NEW).outputs, under[-1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(subject.prediction_outputs, under[-1], rtol=1e-4, atol=1e-5)


def test_the_control_arm_repeats_the_training(seen: Any) -> None:
    name, _, _, subject = seen
    again = subject.train(Arm(), subject.training, seed=0)
    exact = name != "nnx_compiled"  # its dropout draws by keys of its own
    assert again.loss[0] == pytest.approx(subject.trace.loss_per_update[0], rel=1e-4 if exact else 0.3)
    if exact:
        np.testing.assert_allclose(again.predict(NEW), subject.forward(NEW).outputs, rtol=2e-2, atol=2e-3)


def test_what_was_patched_is_put_back() -> None:
    before = (jax.jit, jax.grad, nnx.value_and_grad, nnx.Optimizer.__init__, nn.Module.apply, optax.adam, Net.__call__)
    with watch():
        nnx_compiled()
        assert jax.jit is not before[0]
    assert before == (
        *(jax.jit, jax.grad, nnx.value_and_grad, nnx.Optimizer.__init__, nn.Module.apply, optax.adam),
        Net.__call__,
    )


def test_rows_picked_inside_the_step_and_a_penalty_in_the_loss() -> None:
    everything, labels = jnp.asarray(X), jnp.asarray(Y)
    with watch() as watched:
        params = init(jax.random.key(0))
        gradient = jax.jit(
            jax.value_and_grad(
                lambda params, rows: (
                    log_loss(params, everything[rows], labels[rows]) + 0.25 * sum(jnp.sum(w**2) for w, _ in params)
                )
            )
        )
        tx = optax.sgd(0.1)
        state = tx.init(params)
        for _, i in itertools.product(range(2), range(0, 120, 40)):
            _, grads = gradient(params, jnp.arange(i, i + 40))
            moves, state = tx.update(grads, state)
            params = optax.apply_updates(params, moves)
    (subject,) = watched.subjects()
    assert watched.notes == ()
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, X)
    np.testing.assert_array_equal(subject.training.y, Y)
    penalty: dict[str, Any] = {one.name: one.values for one in subject.penalties(moment="end")}
    for name, value in (("0.0", params[0][0]), ("1.0", params[1][0])):
        np.testing.assert_allclose(penalty[name], 0.5 * np.asarray(value), rtol=1e-4, atol=1e-6)
    assert not np.any(penalty["0.1"])
    weaker = subject.train(Arm(regularization_factor=0.0), subject.training, seed=0)
    assert weaker.predict(X).std() > subject.train(Arm(), subject.training, seed=0).predict(X).std()


def trained_beside(loss: Callable[..., Any], beside: Any) -> Any:
    """A compiled step that takes an array more, a number or a row of it for each row; and its weights at the end."""
    tx = optax.adam(0.05)

    @jax.jit  # type: ignore[untyped-decorator]
    def step(params: Any, state: Any, x: Any, y: Any, more: Any) -> Any:
        value, grads = jax.value_and_grad(loss)(params, x, y, more)
        moves, state = tx.update(grads, state)
        return optax.apply_updates(params, moves), state, value

    params = init(jax.random.key(0))
    state = tx.init(params)
    for _, i in itertools.product(range(3), range(0, 120, 40)):
        params, state, _ = step(params, state, X[i : i + 40], Y[i : i + 40], beside[i : i + 40])
    return params


def test_a_weight_for_each_row_is_averaged_and_said() -> None:
    weighting = np.where(Y > 0, 3.0, 1.0).astype(np.float32)

    def weighted(params: Any, x: Any, y: Any, weight: Any) -> Any:
        return (optax.sigmoid_binary_cross_entropy(predict(params, x), y) * weight).mean()

    with watch() as watched:
        params = trained_beside(weighted, weighting)
    (subject,) = watched.subjects()
    assert "sample weights" in " ".join(subject.trace.notes)
    np.testing.assert_allclose(subject.forward(NEW).outputs, predict(params, NEW), rtol=1e-4, atol=1e-5)
    plain = optax.sigmoid_binary_cross_entropy(predict(params, X), Y).mean()
    assert subject.loss(X, Y) == pytest.approx(float(plain) * weighting[:40].mean(), rel=1e-4)
    assert subject.recipe.loss is not None
    assert subject.can_train(Arm()) is None


@pytest.mark.parametrize("other_first", [True, False])
def test_pairs_of_rows_show_their_outputs_and_no_loss(other_first: bool) -> None:
    others = X[::-1].copy()

    def pairwise(params: Any, x: Any, y: Any, worse: Any) -> Any:
        second = predict(params, worse) if other_first else None
        first = predict(params, x)
        second = predict(params, worse) if second is None else second
        return jax.nn.softplus(second - first).mean()

    with watch() as watched:
        params = trained_beside(pairwise, others)
    (subject,) = watched.subjects()
    assert subject.training is not None
    np.testing.assert_array_equal(subject.training.X, others if other_first else X)
    np.testing.assert_allclose(subject.forward(NEW).outputs, predict(params, NEW), rtol=1e-4, atol=1e-5)
    assert subject.training.y is None
    assert subject.recipe.loss is None
    assert subject.compares_rows
    assert subject.can_train(Arm()) == "the loss is not known"
    assert "through the same weights" in " ".join(subject.trace.notes)


def test_marks_of_each_row_leave_the_loss_unknown() -> None:
    def masked(params: Any, x: Any, y: Any, kept: Any) -> Any:
        return jnp.where(kept > 0, optax.sigmoid_binary_cross_entropy(predict(params, x), y), 0.0).mean()

    with watch() as watched:
        trained_beside(masked, np.arange(120).reshape(-1, 1) % 3)
    (subject,) = watched.subjects()
    assert len(subject.forward(NEW).outputs) == len(NEW)
    assert subject.recipe.loss is None
    assert "whole numbers" in " ".join(subject.trace.notes)


def test_a_gradient_that_is_cut_is_none() -> None:
    with watch() as watched:
        params = init(jax.random.key(0))

        @jax.jit  # type: ignore[untyped-decorator]
        def update(params: Any, x: Any, y: Any) -> Any:
            def loss(params: Any) -> Any:
                return ((jax.lax.stop_gradient(predict(params, x)) - y) ** 2).mean()

            return jax.tree.map(lambda p, g: p - 0.5 * g, params, jax.grad(loss)(params))

        for _ in range(3):
            params = update(params, X, Y)
    (subject,) = watched.subjects()
    assert {one.gradient_in_loop for one in subject.parameters()} == {"none"}


@pytest.mark.parametrize("way", ["scan", "fori_loop", "epochs", "tells"])
def test_steps_inside_a_loop_of_jax_are_run_again(way: str) -> None:
    with watch() as watched:
        params = init(jax.random.key(0))
        batches = (X.reshape(3, 40, 6), Y.reshape(3, 40, 1))

        def moved(params: Any, x: Any, y: Any) -> Any:
            if way == "tells":  # what is told outside would be told twice
                jax.debug.callback(lambda: None)
            return jax.tree.map(lambda p, g: p - 0.5 * g, params, jax.grad(log_loss)(params, x, y))

        def epoch(params: Any, xs: Any) -> Any:
            return jax.lax.scan(lambda params, batch: (moved(params, *batch), batch[0].sum()), params, xs)[0]

        if way == "fori_loop":
            params = jax.lax.fori_loop(0, 9, lambda i, params: moved(params, X, Y), params)
        elif way == "epochs":
            whole = jax.jit(lambda p: jax.lax.fori_loop(0, 3, lambda i, p: epoch(p, batches), p))
            params = whole(params)
        else:
            compiled = jax.jit(epoch)
            for _ in range(3):
                params = compiled(params, batches)
    if way == "tells":
        assert watched.subjects() == ()
        assert "lax.scan" in " ".join(watched.notes)
        return
    (subject,) = watched.subjects()
    assert subject.trace.n_updates == 9
    assert subject.training is not None
    assert len(subject.training) == 120
    assert subject.recipe.batch_size == (120 if way == "fori_loop" else 40)
    assert subject.recipe.optimizer is not None
    assert np.isclose(subject.recipe.optimizer.learning_rate, 0.5, rtol=1e-3)
    ends = {one.name: one.end for one in subject.parameters()}
    leaves = jax.tree_util.tree_leaves(params)
    assert sum(any(np.array_equal(one, end) for end in ends.values()) for one in leaves) == len(leaves)


@pytest.mark.parametrize("kept", [True, False])
def test_weights_that_a_loop_does_not_keep(kept: bool) -> None:
    net = nn.Dense(1)
    state = TrainState.create(
        apply_fn=net.apply, params=net.init(jax.random.key(0), X[:1])["params"], tx=optax.adam(0.1)
    )

    with watch() as watched:

        @jax.jit  # type: ignore[untyped-decorator]
        def grads_of(state: Any, x: Any, y: Any) -> Any:
            def loss_fn(params: Any) -> Any:
                return optax.sigmoid_binary_cross_entropy(state.apply_fn({"params": params}, x), y).mean()

            return jax.value_and_grad(loss_fn)(state.params)

        for _, i in itertools.product(range(3), range(0, 120, 40)):
            _, grads = grads_of(state, X[i : i + 40], Y[i : i + 40])
            after = state.apply_gradients(grads=grads)
            state = after if kept else state
    (subject,) = watched.subjects()
    assert subject.trace.kept_nothing is not kept
    moved = [not np.array_equal(one.end, np.asarray(one.initial)) for one in subject.parameters()]
    assert all(moved) if kept else not any(moved)


@pytest.mark.parametrize("rate", [0.1, 0.0])
def test_a_step_that_drops_its_update_is_told_from_a_rate_of_zero(rate: float) -> None:
    with watch() as watched:
        params = init(jax.random.key(0))
        tx = optax.adam(rate)
        kept = tx.init(params)

        @jax.jit  # type: ignore[untyped-decorator]
        def step(params: Any, kept: Any, x: Any, y: Any) -> Any:
            loss, grads = jax.value_and_grad(log_loss)(params, x, y)
            moves, kept = tx.update(grads, kept, params)
            optax.apply_updates(params, moves)
            return params, kept, loss

        for i in (0, 40, 80, 0):
            params, kept, _ = step(params, kept, X[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    assert subject.trace.kept_nothing is (rate > 0)


@pytest.mark.parametrize("keeps", ["weights", "state", "nothing"])
def test_an_epoch_that_hands_back_weights_which_the_loop_drops(keeps: str) -> None:
    """With the optimizer's state kept it is one training that begins again; with nothing kept they may be folds."""
    with watch() as watched:
        params = init(jax.random.key(0))
        tx = optax.adam(0.1)
        kept = tx.init(params)

        @jax.jit  # type: ignore[untyped-decorator]
        def step(params: Any, kept: Any, x: Any, y: Any) -> Any:
            loss, grads = jax.value_and_grad(log_loss)(params, x, y)
            moves, kept = tx.update(grads, kept, params)
            return optax.apply_updates(params, moves), kept, loss

        for _ in range(4):
            now, state = params, kept
            for i in (0, 40, 80):
                now, state, _ = step(now, state, X[i : i + 40], Y[i : i + 40])
            params = now if keeps == "weights" else params
            kept = kept if keeps == "nothing" else state
    subjects = watched.subjects()
    assert len(subjects) == (4 if keeps == "nothing" else 1)
    assert subjects[0].trace.restarts == (3 if keeps == "state" else 0)
    assert subjects[0].trace.kept_nothing is (keeps == "state")


def test_rows_that_a_scan_takes_step_by_step_are_rows_all_the_same() -> None:
    sequences = np.stack([X, -X, X], axis=1)  # (120, 3 steps, columns)
    params = {"w": jnp.full((X.shape[1], 4), 0.1), "v": jnp.full((4, 1), 0.1)}
    with watch() as watched:

        def loss(params: Any, x: Any, y: Any) -> Any:
            def cell(h: Any, now: Any) -> Any:
                return jnp.tanh(h + now @ params["w"]), None

            last, _ = jax.lax.scan(cell, jnp.zeros((len(x), 4)), jnp.swapaxes(x, 0, 1))
            return optax.sigmoid_binary_cross_entropy((last @ params["v"])[:, 0], y).mean()

        step = jax.jit(lambda p, x, y: jax.tree.map(lambda w, g: w - 0.1 * g, p, jax.grad(loss)(p, x, y)))
        for i in (0, 40, 80):
            params = step(params, sequences[i : i + 40], Y[i : i + 40])
    (subject,) = watched.subjects()
    assert subject.training is not None
    assert subject.training.X.shape == sequences.shape
    assert subject.recipe.batch_size == 40
