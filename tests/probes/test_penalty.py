from __future__ import annotations

import numpy as np
import pytest

from defib.evidence import Book
from defib.probes.penalty import PROBE, PenaltyFacts
from defib.subject import Subject

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def facts(subject: Subject) -> PenaltyFacts:
    found = PROBE.measure(subject, Book())
    assert isinstance(found, PenaltyFacts)
    return found


def test_alpha_of_scikit_learn_against_its_own_step() -> None:
    """With momentum-free SGD and one batch, a step is rate x (data + penalty): two alphas tell the penalty's part."""
    from sklearn.neural_network import MLPClassifier

    from defib.adapters import subject_of
    from defib.recipe import Recipe

    def stepped(alpha: float) -> list[np.ndarray]:
        net = MLPClassifier((3,), solver="sgd", momentum=0, nesterovs_momentum=False, learning_rate_init=1e-3,
                            alpha=alpha, batch_size=120, random_state=1)  # fmt: skip
        return [np.array(w) for w in net.partial_fit(X, Y, classes=[0, 1]).coefs_]

    with_it, without = stepped(300.0), stepped(0.0)
    net = MLPClassifier((3,), solver="sgd", alpha=300.0, batch_size=120, random_state=1).partial_fit(
        X, Y, classes=[0, 1]
    )
    subject = subject_of(net, X, Y, recipe=Recipe(batch_size=120, epochs=1))
    told = {one.name: one.values for one in subject.penalties(moment="initial")}
    for i, (a, b) in enumerate(zip(with_it, without, strict=True)):
        np.testing.assert_allclose(np.asarray(told[f"coefs_[{i}]"]), (b - a) / 1e-3, rtol=1e-3, atol=1e-5)


def test_weight_decay_of_torch_by_hand() -> None:
    import torch

    from defib.adapters.torch import subject_from_model

    torch.manual_seed(0)
    net = torch.nn.Linear(4, 1)
    loss = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=2.0)
    subject = subject_from_model(net, X, Y[:, None], loss=loss, optimizer=optimizer, epochs=3, batch_size=40)
    loss(net(torch.from_numpy(X)), torch.from_numpy(Y[:, None])).backward()
    if not subject.has_initial_weights:
        with pytest.raises(Exception, match="initial weights"):
            PROBE.measure(subject, Book())
        return
    gradient = net.weight.grad
    assert gradient is not None
    expected = 2.0 * float(net.weight.detach().norm()) / float(gradient.norm())
    assert facts(subject).least_ratio == pytest.approx(expected, rel=1e-4)


def test_regularizers_of_keras_against_its_own_gradient() -> None:
    import keras
    import tensorflow as tf

    from defib.adapters.keras.penalties import penalties
    from defib.adapters.keras.weights import weights_of

    model = keras.Sequential([
        keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2), name="a"),
        keras.layers.Dense(1, bias_regularizer="l2", name="b"),
    ])  # fmt: skip
    model.layers[-1].bias.assign([0.5])
    with tf.GradientTape() as tape:
        total = tf.add_n(model.losses)
    expected = tape.gradient(total, model.trainable_weights)
    values = [np.asarray(v) for v in model.weights]
    told = {one.name: one.values for one in penalties(model, weights_of(model), values)}
    for variable, gradient in zip(model.trainable_weights, expected, strict=True):
        if gradient is not None:
            layer = variable.path.split("/")[-2]
            np.testing.assert_allclose(np.asarray(told[f"{layer}/{variable.name}"]), gradient, rtol=1e-5)
    assert len(told) == 2


def test_of_groups_that_decay_differently_only_the_one_that_decays_most_is_asked() -> None:
    """Independent oracle: PyTorch's own first step on the second layer, without its decay."""
    import torch

    from defib.capture.script import watch

    def trained(decay: float, steps: int) -> tuple[torch.nn.Module, torch.Tensor]:
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        start = net[2].weight.detach().clone()
        groups = [{"params": net[0].parameters()}, {"params": net[2].parameters(), "weight_decay": decay}]
        optimizer = torch.optim.SGD(groups, lr=0.01)
        for _ in range(steps):
            outputs = net(torch.from_numpy(X))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(outputs, torch.from_numpy(Y[:, None]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return net, start

    with watch() as watched:
        trained(8.0, 3)
        (subject,) = watched.subjects()
        found = facts(subject)
    plain, start = trained(0.0, 1)
    data = (start - plain[2].weight.detach()) / 0.01
    assert found.group == 1
    assert found.least_ratio == pytest.approx(8.0 * float(start.norm()) / float(data.norm()), rel=1e-3)


def test_a_regularizer_that_one_layer_has_is_held_against_the_data_there() -> None:
    import keras

    from defib.capture.script import watch

    first = keras.layers.Dense(3, activation="relu", kernel_regularizer=keras.regularizers.L2(50.0))
    model = keras.Sequential([keras.Input((4,)), first, keras.layers.Dense(1)])
    with watch() as watched:
        model.compile(keras.optimizers.SGD(1e-3), "mse")
        model.fit(X, Y[:, None], epochs=1, verbose=0)
    (subject,) = watched.subjects()
    found = facts(subject)
    assert found.layer == first.name
    assert found.least_ratio > 1
