"""Wraps a library's ``fit``: the session hears of its beginning, its course and its end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, final

from defib.capture.torch_fits import Fit
from defib.capture.torch_session import Session


@final
class FitWatch:
    """What the watchers of libraries are given; an error inside is noted and the library goes on."""

    def __init__(
        self,
        session: Session,
        guard: Callable[..., None],
        off: Callable[[], bool],
        watch_forward: Callable[[Any], None],
    ) -> None:
        self.session = session
        self.guard = guard
        self.off = off
        self.watch_forward = watch_forward
        """Take ``model.forward(x)``, called directly, for a call of the model."""
        self.running: dict[int, Fit] = {}
        """Fits by ``id`` of the trainer."""

    def around(
        self, original: Callable[..., Any], begin: Callable[..., Fit], end: Callable[[Any, Fit], None]
    ) -> Callable[..., Any]:
        """``fit`` of a trainer: ``begin`` reads its arguments, ``end`` what the trainer knows afterwards."""

        @functools.wraps(original)
        def fit(trainer: Any, *args: Any, **kwargs: Any) -> Any:
            if self.off() or id(trainer) in self.running:
                return original(trainer, *args, **kwargs)
            self.guard(self._begin, begin, trainer, args, kwargs)
            try:
                return original(trainer, *args, **kwargs)
            finally:
                self.guard(self.leave, trainer, end)

        return fit

    def enter(self, trainer: Any, fit: Fit) -> None:
        """A training begins; also told by a callback, when ``fit`` runs already."""
        if id(trainer) not in self.running:
            self.running[id(trainer)] = fit
            self.session.begin_fit(fit)

    def leave(self, trainer: Any, end: Callable[[Any, Fit], None]) -> None:
        """It has ended."""
        fit = self.running.pop(id(trainer), None)
        if fit is not None:
            self.session.end_fit(fit)
            end(trainer, fit)

    def _begin(self, begin: Callable[..., Fit], trainer: Any, args: Any, kwargs: Any) -> None:
        self.enter(trainer, begin(trainer, *args, **kwargs))
