"""The calls of a fix with what the program's own calls say."""

from __future__ import annotations

import ast

import pytest

from defib.own_calls import with_own_calls

COMPILE = "m.compile('adam', my_loss, metrics=['acc'])"
FIT = "m.fit(X[:9], y[:9], 32, epochs=40, validation_data=(X[9:], y[9:]), callbacks=cb)"


def called(text: str) -> ast.Call:
    one = ast.parse(text, mode="eval").body
    assert isinstance(one, ast.Call)
    return one


@pytest.mark.parametrize(
    ("code", "interventions", "shown"),
    [
        (
            "model.compile(optimizer=SGD(0.1), loss=model.loss)  # was 1",
            ["step-divided-by-10"],
            "m.compile(SGD(0.1), my_loss, metrics=['acc'])  # was 1",
        ),
        (
            "model.compile(optimizer=Adam(0.001), loss='mse')",
            ["fitting-head"],
            "m.compile('adam', 'mse', metrics=['acc'])",
        ),
        ("model.compile(optimizer=Adam(0.001), loss='mse')", ["unfreeze"], COMPILE),
        (
            "model.fit(X_train, (y_train - 3) / 2)",
            ["standardize-targets"],
            "m.fit(X[:9], (y[:9] - 3) / 2, 32, epochs=40, validation_data=(X[9:], (y[9:] - 3) / 2), callbacks=cb)",
        ),
        (
            "model.fit(X_train, y_train, epochs=200)  # was 40",
            ["more-epochs"],
            "m.fit(X[:9], y[:9], 32, epochs=200, validation_data=(X[9:], y[9:]), callbacks=cb)  # was 40",
        ),
        (
            "model.fit(X_train, y_train, validation_split=0.2, epochs=epochs, callbacks=[best])",
            ["stop-before-collapse"],
            "m.fit(X[:9], y[:9], 32, epochs=40, validation_data=(X[9:], y[9:]), callbacks=[best])",
        ),
        (
            "m.fit(X[:9], (y[:9] - 3) / 2)",  # in the names of the program already
            ["standardize-targets"],
            "m.fit(X[:9], (y[:9] - 3) / 2, 32, epochs=40, validation_data=(X[9:], (y[9:] - 3) / 2), callbacks=cb)",
        ),
        (
            "X_train = X_train / 9\nmodel.fit(X_train, y_train)",  # the changed rows, not the program's slice
            ["min-max-inputs"],
            "X_train = X_train / 9\nm.fit(X_train, y[:9], 32, epochs=40, validation_data=(X[9:], y[9:]), callbacks=cb)",
        ),
        ("model.fit(X_train,", [], "model.fit(X_train,"),  # goes on in the next line
        ("model.predict(X_new)", [], "model.predict(X_new)"),
    ],
    ids=[
        "step",
        "loss",
        "repeated",
        "targets",
        "epochs",
        "placeholders",
        "own names",
        "changed rows",
        "half a line",
        "another call",
    ],
)
def test_only_what_the_fix_changes_is_changed(code: str, interventions: list[str], shown: str) -> None:
    assert with_own_calls(code, {"compile": called(COMPILE), "fit": called(FIT)}, interventions) == shown


@pytest.mark.parametrize("own", ["m.fit(data, epochs=3)", "m.fit(*both)", "m.fit(X, y, **settings)"])
def test_labels_that_stand_nowhere_by_themselves_are_left_to_the_reader(own: str) -> None:
    code = "model.fit(X_train, y_train / 9)"
    assert with_own_calls(code, {"fit": called(own)}, ["standardize-targets"]) == code


def test_a_data_set_takes_what_is_not_about_its_labels() -> None:
    own = {"fit": called("m.fit(data, epochs=3)")}
    assert with_own_calls("model.fit(X_train, y_train, epochs=15)", own, ["more-epochs"]) == "m.fit(data, epochs=15)"


SEVERAL = {
    "compile": called("m.compile('adam', loss={'a': 'mse', 'b': 'mae'}, loss_weights=[1, 2])"),
    "fit": called("m.fit(X, [t, c], validation_data=(V, (vt, vc)))"),
}


@pytest.mark.parametrize(
    ("code", "interventions", "shown"),
    [
        (
            'model.compile(optimizer=model.optimizer, loss="mse")',
            ["fitting-head"],
            "m.compile('adam', loss={'a': 'mse', 'b': 'mse'}, loss_weights=[1, 2])",
        ),
        (
            "model.fit(X_train, y_train / 9)",
            ["standardize-targets"],
            "m.fit(X, [t, c / 9], validation_data=(V, (vt, vc / 9)))",
        ),
    ],
    ids=["loss", "labels"],
)
def test_of_several_outputs_one_is_changed(code: str, interventions: list[str], shown: str) -> None:
    assert with_own_calls(code, SEVERAL, interventions, outputs=("a", "b"), output="b") == shown


def test_one_loss_for_all_outputs_stays_that_of_the_others() -> None:
    own = {"compile": called("m.compile('adam', 'mae')")}
    code = 'model.compile(optimizer=model.optimizer, loss="mse")'
    shown = "m.compile('adam', {'a': 'mae', 'b': 'mse'})"
    assert with_own_calls(code, own, ["fitting-head"], outputs=("a", "b"), output="b") == shown
