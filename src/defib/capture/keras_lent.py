"""The loss of a PyTorch loop over a Keras model, named beside the model: ``defib.diagnose(model, X, y, recipe=...)``.

It takes ``(prediction, target)`` and tensors of PyTorch, so that it is no loss to compile with: it is called on a batch
of a clone's outputs, and read from what it does, as that of a watched loop is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from defib.adapters.keras.flavor import flavor_of, to_numpy
from defib.adapters.keras.handmade import facts_of_handmade
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.subject import KerasSubject
from defib.capture.keras_handmade import HandMade, recovered, with_handmade
from defib.capture.keras_look import Look, Met
from defib.subject import AnyArray

DEFAULT_BATCH = 32


def is_lent(model: Any, loss: Any) -> bool:
    """Whether this is a loss of PyTorch's for a Keras model on PyTorch, and none of Keras' own."""
    flavor = flavor_of(model)
    own = isinstance(loss, str) or type(loss).__module__.partition(".")[0] == "keras"
    own = own or str(getattr(loss, "__module__", "")).partition(".")[0] == "keras"
    return callable(loss) and flavor is not None and flavor.backend == "torch" and not own


def with_lent_loss(subject: KerasSubject, loss: Callable[[Any, Any], Any], dtype: Any = None) -> KerasSubject:
    """The Subject with this loss; where it cannot be called, a note says why. ``dtype``: that of the user's labels."""
    rows = subject.training
    if rows is None or rows.y is None:
        return subject
    size = min(subject.recipe.batch_size or DEFAULT_BATCH, len(rows))
    outputs = subject.forward(rows.X[:size], moment="end", training=False).outputs
    try:
        met, target = _met(loss, outputs, rows.y[:size], dtype)
    except Exception as error:  # whatever a loss of the user's may raise on these labels
        why = f"the loss could not be run on the model's output ({type(error).__name__}: {error})"
        subject.trace = replace(subject.trace, notes=(*subject.trace.notes, why))
        return subject
    if target.shape != rows.y[:size].shape:
        subject.training = replace(rows, y=rows.y.reshape(len(rows), *target.shape[1:]))
    found = recovered(met)
    if found is None:
        chain = ", ".join(met.operations[:6])
        unknown = f"the loss of the recipe is no known formula (its operations: {chain})"
        subject.captured = replace(subject.captured, unknown=unknown)
    shapes = (met.prediction, met.target, met.element)
    return with_handmade(subject, HandMade(found, facts_of_handmade(found, met.operations, shapes, size)))


def _met(loss: Callable[[Any, Any], Any], outputs: AnyArray, y: AnyArray, dtype: Any) -> tuple[Met, AnyArray]:
    """What was seen of the loss on these rows, and the labels in the shape it takes, ``(n_rows, ...)``."""
    try:
        return _looked(loss, outputs, y, dtype), y
    except Exception:
        if y.ndim != 1:
            raise
        return _looked(loss, outputs, y[:, None], dtype), y[:, None]


def _looked(loss: Callable[[Any, Any], Any], outputs: AnyArray, y: AnyArray, dtype: Any) -> Met:
    with quiet():
        prediction = torch.tensor(outputs, dtype=torch.float32)
        target = torch.tensor(y)
        target = target.to(dtype or (torch.float32 if target.is_floating_point() else target.dtype))
        look = Look(prediction)
        look.start()
        try:
            value = loss(prediction, target)
        finally:
            look.stop()
        return look.met(float(to_numpy(value)), to_numpy(target), to_numpy(prediction))
