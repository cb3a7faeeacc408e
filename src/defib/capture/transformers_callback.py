"""The class `defib.transformers.Monitor`, made when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from defib.capture.torch_fits import Fit
from defib.capture.torch_frames import user_line
from defib.capture.torch_loop import TorchWatcher
from defib.capture.transformers_fit import read_state


@functools.cache
def make_monitor(monitored: type[Any], monitor: Callable[..., Any]) -> type[Any]:
    """``monitored``: the abstract half of every callback; ``monitor``: makes the object that does the work."""
    from transformers import TrainerCallback

    class Monitor(monitored, TrainerCallback):  # type: ignore[misc]
        """Watches ``Trainer.train`` and prints its diagnosis at the end: ``Trainer(..., callbacks=[Monitor()])``.

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

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Watch from here on."""
            self._monitor.start()
            fits = self._monitor.watchers.of(TorchWatcher).fits
            fits.guard(lambda: fits.enter(state, Fit("transformers", kwargs.get("model"), user_line())))

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Diagnose."""
            if self._monitor.watching:
                fits = self._monitor.watchers.of(TorchWatcher).fits
                fits.guard(fits.leave, state, lambda _, fit: read_state(args, state, fit))
            self._monitor.finish()

    Monitor.__module__ = "defib.transformers"
    Monitor.__qualname__ = "Monitor"
    return Monitor
