"""The class `defib.skorch.Monitor`, made when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from defib.capture.sklearn_calls import place
from defib.capture.skorch_fit import begin, end
from defib.capture.torch_loop import TorchWatcher


@functools.cache
def make_monitor(monitored: type[Any], monitor: Callable[..., Any]) -> type[Any]:
    """``monitored``: the abstract half of every callback; ``monitor``: makes the object that does the work."""
    from skorch.callbacks import Callback

    class Monitor(monitored, Callback):  # type: ignore[misc]
        """Watches ``fit`` and prints its diagnosis at the end: ``NeuralNetClassifier(..., callbacks=[Monitor()])``.

        ``trials``, ``budget`` (seconds) and ``seed`` are those of `defib.diagnose`; ``quiet`` prints nothing.
        The diagnosis is ``.diagnosis``. Of a search only the final fit on all rows is watched.
        """

        def __init__(
            self, *, trials: bool = True, budget: float | None = None, seed: int = 0, quiet: bool = False
        ) -> None:
            self.trials = trials
            self.budget = budget
            self.seed = seed
            self.quiet = quiet
            self.made_: Any = None  # skorch takes every attribute without a "_" at its end for a parameter

        @property
        def monitor(self) -> Any:
            """The one that does the work."""
            if self.made_ is None:
                self.made_ = monitor(trials=self.trials, budget=self.budget, seed=self.seed, quiet=self.quiet)
            return self.made_

        def __sklearn_clone__(self) -> Any:
            return self  # a search fits copies of the network; the user's own callback is to know the result

        def __getstate__(self) -> dict[str, Any]:
            return {**self.__dict__, "made_": None}  # a pickled network takes no watching along

        def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
            """Watch from here on."""
            where = place()
            if where.within is None or where.refit:
                self.monitor.start()
                fits = self.monitor.watchers.of(TorchWatcher).fits
                fits.guard(lambda: fits.enter(net, begin(net, X, y)))

        def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
            """Diagnose."""
            if self.monitor.watching:
                fits = self.monitor.watchers.of(TorchWatcher).fits
                fits.guard(fits.leave, net, end)
                self.monitor.finish()

    Monitor.__module__ = "defib.skorch"
    Monitor.__qualname__ = "Monitor"
    return Monitor
