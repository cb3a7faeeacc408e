"""Watch scikit-learn's multi-layer perceptrons inside a user's unmodified program.

Methods of the network's base class are wrapped on the class and put back on `detach`; estimators themselves are never
touched, so that cloning, pickling and comparing them goes on as before.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final

from defib.capture import Watcher
from defib.capture.keras_patch import Patches
from defib.subject import Subject

MODULE: Final = "sklearn.neural_network._multilayer_perceptron"
BEFORE: Final = ("_fit_stochastic", "_fit_lbfgs", "_update_no_improvement_count")
AFTER: Final = ("_initialize", "_backprop", "_forward_pass_fast")
AROUND: Final = ("_fit",)


class SklearnWatcher(Watcher):
    """Notices every network that is fitted, its rows, recipe and trace, and what it predicts afterwards."""

    triggers = ("sklearn.neural_network",)

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._patches = Patches()
        self._session: Any = None

    def attach(self) -> None:
        """Patch the networks' base class, once."""
        module = sys.modules.get(MODULE)
        if module is None or self._session is not None:
            return
        from defib.capture.sklearn_session import Session

        self._session = Session(self.errors)
        base = module.BaseMultilayerPerceptron
        for names, wrapper in ((BEFORE, _before), (AFTER, _after), (AROUND, _around)):
            for name in names:
                watch = getattr(self._session, name.lstrip("_"))
                self._patches.wrap(base, name, functools.partial(wrapper, self._session, watch))
        for cls in (module.MLPClassifier, module.MLPRegressor):
            self._patches.wrap(cls, "score", functools.partial(_around, self._session, self._session.score), own=True)
        parallel = getattr(sys.modules.get("sklearn.utils.parallel"), "Parallel", None)
        if parallel is not None:
            wrapper = functools.partial(_before, self._session, self._session.parallel)
            self._patches.wrap(parallel, "__call__", wrapper, own=True)

    def detach(self) -> None:
        """Put everything back."""
        self._patches.undo()

    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per network that was fitted, in order of first step; of a search or cross-validation one."""
        return () if self._session is None else tuple(self._session.subjects())


def _before(session: Any, watch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper that shows ``watch`` the arguments first."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        session.safely(watch, self, *args, **kwargs)
        return original(self, *args, **kwargs)

    return method


def _after(session: Any, watch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper that shows ``watch`` the result and the arguments when the call is done."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        session.safely(watch, self, result, *args, **kwargs)
        return result

    return method


def _around(session: Any, watch: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper for which ``watch`` gives what to do when the call is done, however it ends."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        finish = session.safely(watch, self, *args, **kwargs)
        try:
            return original(self, *args, **kwargs)
        finally:
            if finish is not None:
                session.safely(finish)

    return method
