"""The class `defib.lightning.Monitor`, made when it is first asked for."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from defib.capture.lightning_fit import begin, end, validated
from defib.capture.torch_loop import TorchWatcher

COPIES: Final = ("lightning.pytorch", "pytorch_lightning")
"""Two names under which the same library is installed; their classes are not the same."""


def make_monitor(monitored: Any, monitor: Callable[..., Any]) -> type[Any]:
    """``monitored``: the abstract half of every callback; ``monitor``: makes the object that does the work."""
    present = tuple(name for name in COPIES if name in sys.modules) or (_installed(),)
    bases: Any = tuple(import_module(name).Callback for name in present)
    made: type[Any] = _made(monitored, monitor, bases)
    return made


def _installed() -> str:
    try:
        import_module(COPIES[0])
    except ImportError:
        return COPIES[1]
    return COPIES[0]


@functools.cache
def _made(monitored: Any, monitor: Callable[..., Any], bases: Any) -> Any:
    class Monitor(monitored, *bases):  # type: ignore[misc]
        """Watches one ``Trainer.fit`` and prints its diagnosis at the end: ``Trainer(callbacks=[Monitor()])``.

        ``trials``, ``budget`` (seconds) and ``seed`` are those of `defib.diagnose`; ``quiet`` prints nothing.
        The diagnosis is ``.diagnosis``.
        """

        def __init__(
            self, *, trials: bool = True, budget: float | None = None, seed: int = 0, quiet: bool = False
        ) -> None:
            self._monitor = monitor(trials=trials, budget=budget, seed=seed, quiet=quiet)

        @property
        def monitor(self) -> Any:
            """The one that does the work."""
            return self._monitor

        def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
            """Before optimizers are made."""
            if stage == "fit":
                self._monitor.start()
                _enter(self._monitor, trainer, pl_module)

        def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
            """The loss on the validation rows is known."""
            _validated(self._monitor, trainer)

        def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
            """Diagnose."""
            _leave(self._monitor, trainer)
            self._monitor.finish()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            """What was seen so far can still be diagnosed."""
            _leave(self._monitor, trainer)
            self._monitor.stop()

    Monitor.__module__ = "defib.lightning"
    Monitor.__qualname__ = "Monitor"
    return Monitor


def _fits(monitor: Any) -> Any:
    return monitor.watchers.of(TorchWatcher).fits


def _enter(monitor: Any, trainer: Any, module: Any) -> None:
    fits = _fits(monitor)
    fits.guard(lambda: fits.enter(trainer, begin(fits, trainer, module)))


def _validated(monitor: Any, trainer: Any) -> None:
    fits = _fits(monitor) if monitor.watching else None
    if fits is not None and id(trainer) in fits.running:
        fits.guard(validated, trainer, fits.running[id(trainer)])


def _leave(monitor: Any, trainer: Any) -> None:
    if monitor.watching:
        fits = _fits(monitor)
        fits.guard(fits.leave, trainer, end)
