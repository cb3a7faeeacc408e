"""`check_subject`: holds any Subject to the contract of `defib.subject`, and says in three beats what does not fit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from defib.errors import ModelError
from defib.recipe import Arm
from defib.subject import BudgetExceeded, ForwardPass, NotAvailable, Rows

if TYPE_CHECKING:
    from defib.subject import AnyArray, Moment, Subject

LOOKED_AT = 32
"""Rows that are sent through."""
LINKS = ("identity", "sigmoid", "softmax", "exp")


def check_subject(subject: Subject, *, train: bool = True) -> tuple[str, ...]:
    """Hold a Subject to the contract: shapes, determinism, no trace, trials that repeat.

    Args:
        subject: any Subject; its ``training`` rows are used, at most 32 of them.
        train: whether to train it, where it says that it can be.

    Returns:
        What the Subject does not offer ("the gradients of the loss"); the causes that need it will not be assessed.

    Raises:
        ModelError: for the first thing that does not fit, with the method to mend.
    """
    rows = _rows(subject)
    before = _fingerprint(subject, rows)
    moments: tuple[Moment, ...] = ("initial", "end") if subject.has_initial_weights else ("end",)
    missing = [] if subject.has_initial_weights else ["the initial weights"]
    for moment in moments:
        _check_forward(subject, rows, moment)
    missing += _check_parameters(subject, rows)
    missing += _check_losses(subject, rows)
    missing += _check_training(subject, rows) if train else []
    for what, was, now in zip(
        ("its weights", "its rows", "NumPy's random state"), before, _fingerprint(subject, rows), strict=True
    ):
        _hold(
            was == now, f"{what} changed while it was looked at", "nothing changes: work on copies", "np.array(value)"
        )
    return tuple(missing)


def _hold(fits: bool, came: str, expected: str, write: str) -> None:
    if not fits:
        raise ModelError("broken-subject", came=came, expected=expected, write=write)


def _rows(subject: Subject) -> Rows:
    found = subject.training
    _hold(
        found is not None and len(found) >= 2,
        f"{type(subject).__name__}.training is {found if found is None else f'{len(found)} rows'}",
        "the rows it was trained on, at least 2",
        "self.training = defib.Rows(X_train, y_train)",
    )
    assert found is not None
    y = found.y
    _hold(
        y is None or len(y) == len(found),
        f"{type(subject).__name__}.training has {len(found)} rows and {0 if y is None else len(y)} labels",
        "one label per row, or y=None",
        "self.training = defib.Rows(X_train, y_train)",
    )
    return Rows(np.array(found.X[:LOOKED_AT]), None if y is None else np.array(y[:LOOKED_AT]))


def _fingerprint(subject: Subject, rows: Rows) -> tuple[Any, ...]:
    weights = tuple((one.name, np.asarray(one.end).tobytes()) for one in subject.parameters())
    training = subject.training
    assert training is not None
    data = (np.asarray(training.X[:LOOKED_AT]).tobytes(), np.asarray(rows.X).tobytes())
    state: Any = np.random.get_state(legacy=True)
    return weights, data, (state[0], np.asarray(state[1]).tobytes(), state[2:])


def _check_forward(subject: Subject, rows: Rows, moment: Moment) -> None:
    call = f"{type(subject).__name__}.forward(X, moment={moment!r})"
    passed, again = subject.forward(rows.X, moment=moment), subject.forward(rows.X, moment=moment)
    write = "return defib.ForwardPass(outputs, layers)"
    _hold(isinstance(passed, ForwardPass), f"{call} gave a {type(passed).__name__}", "a defib.ForwardPass", write)
    outputs = np.asarray(passed.outputs)
    _hold(
        outputs.shape[:1] == (len(rows),) and outputs.dtype.kind in "fiub",
        f"{call} gave outputs of shape {outputs.shape} and dtype {outputs.dtype} for {len(rows)} rows",
        "numbers of shape (n_rows, ...)",
        write,
    )
    for one in passed.layers:
        shape = np.shape(one.values)
        _hold(
            shape[:1] == (len(rows),),
            f"the layer {one.layer.name} has values of shape {shape} for {len(rows)} rows",
            "one row of values per row on the first axis",
            "defib.LayerOutput(layer, values)  # values: (n_rows, ...)",
        )
    names = [one.layer.name for one in passed.layers]
    _hold(
        len(set(names)) == len(names),
        f"two layers have one name: {names}",
        "a name per layer",
        'defib.Layer("dense_1", "dense")',
    )
    if passed.layers:
        last = np.asarray(passed.layers[-1].values)
        _hold(
            last.size == outputs.size and np.array_equal(last.reshape(outputs.shape), outputs, equal_nan=True),
            f"the last layer {names[-1]} does not hold the outputs",
            "layers in the order in which they run, the last one giving the outputs",
            write,
        )
    _hold(
        np.array_equal(outputs, again.outputs, equal_nan=True),
        f"{call} gave other outputs the second time",
        "the same bits for the same rows when training=False",
        "switch dropout off, and take batch statistics only when training=True",
    )


def _check_parameters(subject: Subject, rows: Rows) -> list[str]:
    parameters = subject.parameters()
    names = [one.name for one in parameters]
    write = 'defib.Parameter("dense_0.weights", "dense_0", initial, end, trainable=True, in_optimizer=True)'
    _hold(len(set(names)) == len(names), f"two parameters have one name: {names}", "a name per array", write)
    for one in parameters:
        first = None if one.initial is None else one.initial.shape
        _hold(
            first in (None, np.shape(one.end)),
            f"{one.name} has the shape {first} at first and {np.shape(one.end)} at the end",
            "one shape",
            write,
        )
    known = {name for one in subject.forward(rows.X).layers for name in one.layer.parameters}
    _hold(
        known <= set(names),
        f"layers name the parameters {sorted(known - set(names))}, which parameters() does not list",
        "names of parameters()",
        'defib.Layer("dense_0", "dense", parameters=("dense_0.weights",))',
    )
    return [] if parameters else ["the weights"]


def _check_losses(subject: Subject, rows: Rows) -> list[str]:
    if rows.y is None:
        return ["the labels"]
    missing: list[str] = []
    try:
        value = subject.loss(rows.X, rows.y)
        _hold(
            np.ndim(value) == 0, f"loss(X, y) gave shape {np.shape(value)}", "one number", "return float(loss.mean())"
        )
    except NotAvailable as error:
        missing.append(str(error))
    try:
        gradients = subject.gradients(rows.X, rows.y)
    except NotAvailable as error:
        return [*missing, str(error)]
    shapes = {one.name: np.shape(one.end) for one in subject.parameters()}
    found = {one.name: None if one.values is None else np.shape(one.values) for one in gradients}
    _hold(
        found.keys() == shapes.keys() and all(one is None or one == shapes[name] for name, one in found.items()),
        f"gradients(X, y) gave {found}",
        f"one gradient per parameter in its shape: {shapes}",
        "return tuple(defib.Gradient(name, values) for name, values in ...)",
    )
    return missing


def _check_training(subject: Subject, rows: Rows) -> list[str]:
    reason = subject.can_train(Arm())
    if reason is not None:
        return [f"trials ({reason})"]
    first, again = (subject.train(Arm(), rows, seed=0) for _ in range(2))
    outputs = np.asarray(first.predict(rows.X))
    for fits, came, expected, write in _of_trained(subject, rows, first, outputs):
        _hold(fits, came, expected, write)
    _hold(
        np.allclose(outputs, again.predict(rows.X), equal_nan=True),
        "train(Arm(), rows, seed=0) gave other weights the second time",
        "the same training for the same seed",
        "rng = np.random.default_rng(seed)  # for batches and draws",
    )
    with_past = time.monotonic() - 1
    try:
        subject.train(Arm(), rows, seed=0, deadline=with_past)
    except BudgetExceeded:
        return []
    raise ModelError(
        "broken-subject",
        came="train(..., deadline=...) went on past its deadline",
        expected="defib.subject.BudgetExceeded once time.monotonic() is past it",
        write="if deadline is not None and time.monotonic() > deadline: raise BudgetExceeded",
    )


def _of_trained(subject: Subject, rows: Rows, trained: Any, outputs: AnyArray) -> Iterator[tuple[bool, str, str, str]]:
    shape = np.shape(subject.forward(rows.X).outputs)
    yield (
        outputs.shape == shape,
        f"Trained.predict(X) has the shape {outputs.shape}",
        f"that of the outputs, {shape}",
        "return the model's own outputs",
    )
    yield trained.link in LINKS, f"Trained.link is {trained.link!r}", f"one of {', '.join(LINKS)}", 'return "identity"'
    size = np.size(trained.loss)
    yield (
        0 < size <= 200,
        f"Trained.loss has {size} values",
        "1 to 200, evenly spaced",
        "return losses[:: len(losses) // 200 + 1]",
    )
