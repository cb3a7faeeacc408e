"""The class of ``defib.keras.Monitor``: a callback of every Keras that the program has imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from defib.capture.keras_fit import FLAVORS, KerasWatcher

TABLE: Final = dict.fromkeys(FLAVORS, "defib.capture.keras_fit:KerasWatcher")
"""What such a Monitor watches."""


def callback_class(monitored: type[Any], make: Callable[..., Any]) -> type[Any]:
    """A final class of ``monitored`` and the callback classes of the imported Keras.

    ``make(**options)`` gives the `defib.integrations.monitor.TrainingMonitor` of one Monitor.
    """
    bases = tuple(keras.callbacks.Callback for keras in _imported())

    class Monitor(monitored, *bases):  # type: ignore[misc]
        """Watches one ``fit`` and prints its diagnosis at the end: ``fit(..., callbacks=[defib.keras.Monitor()])``.

        Args:
            trials: whether to try interventions on clones when the training has ended.
            budget: seconds for them; as long as the training took, at least 10, when not given.
            seed: for splits, seeds of trials and reference learners.
            quiet: print nothing; ask for ``diagnosis`` afterwards.
        """

        def __init__(
            self, *, trials: bool = True, budget: float | None = None, seed: int = 0, quiet: bool = False
        ) -> None:
            bases[0].__init__(self)
            self._monitor = make(trials=trials, budget=budget, seed=seed, quiet=quiet)
            self._watched: Any = None

        @property
        def monitor(self) -> Any:
            """The one that does the work."""
            return self._monitor

        def set_model(self, model: Any) -> None:
            """Called by ``fit`` before it begins."""
            bases[0].set_model(self, model)
            self._watched = model

        def on_train_begin(self, logs: Any = None) -> None:
            """``fit`` begins: watch it from inside."""
            self._monitor.start()
            watcher = next((one for one in map(self._monitor.watchers.watcher, FLAVORS) if one is not None), None)
            joined = isinstance(watcher, KerasWatcher) and watcher.join(self._watched, self._monitor.finish)
            if not joined:
                self._monitor.stop()

    Monitor.__module__, Monitor.__qualname__ = "defib.keras", "Monitor"
    return Monitor


def _imported() -> list[Any]:
    """Every Keras the program has imported; else the one it is about to."""
    found = [sys.modules[name] for name in FLAVORS if hasattr(sys.modules.get(name), "callbacks")]
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    return found or [import_module("tf_keras" if legacy else "keras")]
