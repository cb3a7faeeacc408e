"""One watched call: its arguments, and what must be closed after it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any


class Turn:
    """One call of the user's that is being watched."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs
        self.stack = ExitStack()
        self.finish: Callable[[Any], None] = lambda result: None

    @contextmanager
    def around(self) -> Iterator[None]:
        """What must be closed whether or not the call raises."""
        with self.stack:
            yield


@lru_cache(maxsize=64)
def _signature(method: Any) -> tuple[inspect.Signature, dict[str, Any]]:
    signature = inspect.signature(method)
    empty = inspect.Parameter.empty
    return signature, {k: p.default for k, p in signature.parameters.items() if p.default is not empty}


def bound(original: Any, model: Any, args: Any, kwargs: Any) -> tuple[inspect.BoundArguments, dict[str, Any]]:
    """The call as the user wrote it, and all arguments by name, defaults included."""
    signature, defaults = _signature(original)
    call = signature.bind(model, *args, **kwargs)
    return call, {**defaults, **call.arguments}


def rest(
    call: inspect.BoundArguments, given: dict[str, Any], replaced: tuple[str, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The user's own arguments without the model, a stream replaced by its teed self."""
    for name in replaced:
        if name in call.arguments:
            call.arguments[name] = given[name]
    return call.args[1:], call.kwargs


def in_training(args: Any, kwargs: Any) -> bool:
    """Whether a call asks for training mode: ``model(x, training=True)``, or as the second argument."""
    given = kwargs.get("training", args[1] if len(args) > 1 else None)
    return isinstance(given, (bool, int)) and bool(given)
