"""Several changes as one program: nothing is done twice, and nothing is taken back."""

from __future__ import annotations

import ast

import pytest

from defib.joined_code import LOOP, joined

TARGETS = (
    "y_mean, y_sd = 3, 2\nmodel.fit(X_train, (y_train - y_mean) / y_sd)\n"
    "predictions = model.predict(X_new) * y_sd + y_mean"
)
HEAD = 'model.add(Dense(1, activation="sigmoid"))\nmodel.compile(optimizer=model.optimizer, loss="binary_crossentropy")'
STEP = '# on a freshly built model\nmodel.compile(optimizer=SGD(learning_rate=1), loss="mse")  # was 0.01'
EPOCHS = "model.fit(X_train, y_train, epochs=10)  # was 2"
TORCH_LOOP = (
    "optimizer = SGD(lr=0.1)  # built after the model\nmodel.train()\n"
    "for inputs, targets in loader:\n    optimizer.step()"
)
TORCH_EPOCHS = (
    "optimizer = SGD(lr=0.1)\nfor epoch in range(epochs):\n    for inputs, targets in loader:\n        optimizer.step()"
)


def test_one_fit_keeps_what_each_piece_asks_for() -> None:
    for pieces in ([TARGETS, EPOCHS], [EPOCHS, TARGETS]):
        code = joined(pieces)
        assert code.count("model.fit(") == 1
        assert "model.fit(X_train, (y_train - y_mean) / y_sd, epochs=10)  # was 2" in code
        assert code.index("y_mean, y_sd") < code.index("model.fit") < code.index("predictions")


@pytest.mark.parametrize("turned", [False, True], ids=["as written", "turned"])
def test_what_only_repeats_the_recording_gives_way(turned: bool) -> None:
    pieces = [STEP, HEAD] if turned else [HEAD, STEP]
    code = joined(pieces, {'"mse"'})
    assert code.count("model.compile(") == 1
    assert 'model.compile(optimizer=SGD(learning_rate=1), loss="binary_crossentropy")  # was 0.01' in code


def test_one_training_loop_is_left() -> None:
    code = joined([TORCH_LOOP, TORCH_EPOCHS], {"SGD(lr=0.1)"})
    assert code.count("for inputs, targets in loader:") == 1
    assert code.count("optimizer = ") == 1
    assert "for epoch" in code


def test_the_loss_of_another_piece_stands_in_the_loop() -> None:
    loop = f"optimizer = SGD(lr=0.1)\n{LOOP}\n    loss = criterion(model(inputs), targets)  # raw\n    loss.backward()"
    targets = "y_sd = 3.0\nloss = criterion(model(inputs), targets / y_sd)\npredictions = model(X_new) * y_sd"
    code = joined([loop, targets], {"SGD(lr=0.1)"})
    assert "    loss = criterion(model(inputs), targets / y_sd)\n    loss.backward()" in code
    assert code.count("loss = ") == 1
    assert code.index("y_sd = 3.0") < code.index(LOOP) < code.index("predictions")


def test_two_changes_of_the_loss_are_one_loss() -> None:
    shapes = "target = target.view_as(prediction)\nloss = criterion(prediction, target)"
    targets = "y_sd = 3.0\nloss = criterion(model(inputs), targets / y_sd)\npredictions = model(X_new) * y_sd"
    for pieces in ([shapes, targets], [targets, shapes]):
        code = joined(pieces)
        ast.parse(code)
        assert code.count("loss = ") == 1
        assert code.index("y_sd = 3.0") < code.index("prediction, target = model(inputs), targets / y_sd")
        assert code.index("prediction, target = ") < code.index("view_as") < code.index("predictions = ")


def test_what_asks_the_trained_network_stands_behind_its_fit() -> None:
    cut = "threshold = model.predict_proba(X_train)[:, 1].mean()\nlabels = model.predict_proba(X_new)[:, 1] > threshold"
    code = joined(["model.set_params(max_iter=9)\nmodel.fit(X_train, y_train)", cut])
    assert code.index("model.fit(") < code.index("threshold = ")


def test_the_changed_optimizer_is_the_one_that_stays() -> None:
    first, second = "a = 1\noptimizer = SGD(lr=0.1)  # after unfreezing", "optimizer = SGD(lr=1)  # was 0.1"
    for pieces in ([first, second], [second, first]):
        code = joined(pieces, {"SGD(lr=0.1)"})
        assert "lr=0.1)" not in code
        assert "a = 1" in code


def test_one_piece_is_left_as_it_is() -> None:
    assert joined([TARGETS]) == TARGETS


@pytest.mark.parametrize(
    "pieces", [[TARGETS, EPOCHS], [HEAD, STEP, EPOCHS], [TORCH_LOOP, TORCH_EPOCHS]], ids=["targets", "head", "loop"]
)
def test_what_comes_out_is_python(pieces: list[str]) -> None:
    ast.parse(joined(pieces))


def test_the_usual_loop_and_another_change_of_keras_are_one_fit() -> None:
    usual = "model = keras.Model(model.inputs)\nmodel.compile(optimizer=o)\nmodel.fit(X_train, y_train, epochs=9)"
    both = joined([usual, "y_sd = 3.0\nmodel.fit(X_train, y_train / y_sd)\np = model.predict(X_new) * y_sd"])
    assert both.count("model.fit(") == 1
    assert "model.fit(X_train, y_train / y_sd, epochs=9)" in both
