"""defib in the tests of your own model: an assertion for any test runner, a fixture and a marker for pytest.

::

    from defib.testing import assert_not_flat

    def test_the_classifier_learns():
        model = train()
        assert_not_flat(model, X, y)

    def test_the_training_script(defib_monitor):
        train()                        # every network trained here is diagnosed when the test ends

A failure carries the whole diagnosis. The assertion needs no pytest; the fixture `defib_monitor` and the marker
``defib`` come with the plugin, which pytest finds by itself where defib is installed. Importing this package imports
no framework. `check_subject` holds a Subject of your own to the contract.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from defib.testing.assertion import FlatModelError, assert_not_flat
from defib.testing.monitor import Monitor, watching

if TYPE_CHECKING:
    from defib.testing.subject_check import check_subject

__all__ = ["FlatModelError", "Monitor", "assert_not_flat", "check_subject", "watching"]


def __getattr__(name: str) -> Any:
    """`check_subject` brings NumPy, which the plugin must not load at the start of every test run."""
    if name == "check_subject":
        return import_module("defib.testing.subject_check").check_subject
    raise AttributeError(f"module 'defib.testing' has no attribute {name!r}")
