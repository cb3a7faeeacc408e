"""Join a ``fit`` that is running already: a callback is called inside it, after its arguments were read.

``model.fit(..., callbacks=[defib.keras.Monitor()])`` looks ``fit`` up before the Monitor exists, so nothing can be
wrapped around the call. What it was given is read from its frame; batches of a stream are seen by exchanging what the
running ``fit`` draws them from, for an object that gives the same ones.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Final

from defib.capture.keras_tee import Receive, is_dataset, tee_dataset, tee_generator, teed
from defib.capture.keras_turn import Turn

MAX_FRAMES: Final = 60
ARGUMENTS: Final = (
    "x",
    "y",
    "sample_weight",
    "class_weight",
    "batch_size",
    "epochs",
    "initial_epoch",
    "shuffle",
    "validation_data",
    "validation_split",
    "callbacks",
)
"""Arguments of ``fit`` that tell how it trains."""


def running_fit(model: Any) -> dict[str, Any] | None:
    """What the innermost ``fit`` of this model was given, and its iterator; ``None`` outside of one."""
    frame: Any = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None:
            return None
        names = frame.f_locals if frame.f_code.co_name == "fit" else {}
        if names.get("self") is model and "validation_split" in names:
            given = {name: names.get(name) for name in ARGUMENTS}
            return {**given, "iterator": names.get("epoch_iterator", names.get("data_handler"))}
        frame = frame.f_back
    return None


def tee_running(turn: Turn, given: dict[str, Any], receive: Receive) -> bool:
    """Show the batches that the running ``fit`` draws; returns whether that was possible."""
    x, iterator = given["x"], given["iterator"]
    if not is_dataset(x) and not inspect.isgenerator(x):
        turn.stack.enter_context(teed(x, receive))
        return True
    adapter: Any = getattr(iterator, "data_adapter", None)
    draw = getattr(adapter, "generator", None)
    if inspect.isgenerator(x) and callable(draw):
        adapter.generator = lambda: tee_generator(draw(), receive)
        return True
    return _exchanged(iterator, adapter, receive)


def _exchanged(iterator: Any, adapter: Any, receive: Receive) -> bool:
    """A dataset of TensorFlow, wherever this Keras keeps it."""
    for owner, name in ((iterator, "_distributed_dataset"), (iterator, "_dataset"), (adapter, "_dataset")):
        if is_dataset(getattr(owner, name, None)):
            setattr(owner, name, tee_dataset(getattr(owner, name), receive))
            return True
    return False
