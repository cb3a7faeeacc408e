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
no framework.
"""

from __future__ import annotations

from defib.testing.assertion import FlatModelError, assert_not_flat
from defib.testing.monitor import Monitor, watching

__all__ = ["FlatModelError", "Monitor", "assert_not_flat", "watching"]
