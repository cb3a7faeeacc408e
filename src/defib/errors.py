"""Every error a user can cause, in three beats: what came, what was expected, what to write instead.

::

    DefibError
    ├── InputError        the files, arrays or arguments given
    ├── ModelError        the model given
    └── MissingFrameworkError  what is installed

Each carries a stable ``slug``; ``docs/messages.md`` explains each slug.
"""

from __future__ import annotations


class DefibError(Exception):
    """Base. ``str(error)`` is the whole message; the CLI prints it and exits with 2."""

    def __init__(self, slug: str, *, came: str, expected: str, write: str) -> None:
        self.slug = slug
        self.came = came
        self.expected = expected
        self.write = write
        Exception.__init__(self, self.message)

    @property
    def message(self) -> str:
        """The three beats and the slug.

        >>> print(DefibError("no-rows", came="X has 0 rows", expected="at least 2 rows",
        ...                  write="defib.diagnose(model, X_train)").message)
        X has 0 rows.
        Expected: at least 2 rows.
        Write: defib.diagnose(model, X_train)
        [no-rows] docs/messages.md#no-rows
        """
        return (
            f"{self.came}.\nExpected: {self.expected}.\nWrite: {self.write}\n[{self.slug}] docs/messages.md#{self.slug}"
        )


class InputError(DefibError):
    """The files, arrays or arguments given."""


class ModelError(DefibError):
    """The model given."""


class MissingFrameworkError(DefibError):
    """A framework that is needed is not installed."""
