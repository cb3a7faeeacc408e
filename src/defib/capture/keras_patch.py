"""Replace attributes of classes for a while, and put them back exactly as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MARK = "__defib_wraps__"
"""Attribute of a wrapper: what it wraps."""
OWNERS = "__defib_owners__"
"""Attribute of a wrapper: who wrapped the method, outermost last."""


class Patches:
    """All replacements of one Watcher."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def wrap(
        self,
        cls: type[Any],
        name: str,
        wrapper: Callable[[Callable[..., Any]], Callable[..., Any]],
        *,
        own: bool = False,
    ) -> None:
        """Wrap ``cls.name`` where it is defined; with ``own``, on ``cls`` itself even when it is inherited.

        A method that this Watcher wrapped already (another Keras shares the class) is left alone; one that somebody
        else watches (a Monitor under ``defib run``) is wrapped once more.
        """
        home = cls if own else next((base for base in cls.__mro__ if name in base.__dict__), None)
        if home is None:
            return
        before = getattr(cls, name)
        if any(owner is self for owner in getattr(before, OWNERS, ())):
            return
        had = name in home.__dict__
        raw = home.__dict__.get(name)
        wrapped = wrapper(before)
        setattr(wrapped, MARK, before)
        setattr(wrapped, OWNERS, (*getattr(before, OWNERS, ()), self))
        setattr(home, name, wrapped)
        self._undo.append(lambda: setattr(home, name, raw) if had else delattr(home, name))

    def later(self, undo: Callable[[], None]) -> None:
        """Something else to be put back with the rest."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Put back, last first."""
        while self._undo:
            self._undo.pop()()
