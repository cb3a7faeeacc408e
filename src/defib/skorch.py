"""The callback for skorch: one line in the program, and the diagnosis is printed when the training ends.

::

    net = NeuralNetClassifier(Module, callbacks=[defib.skorch.Monitor()])
    net.fit(X, y)                       # prints the diagnosis

Nothing is imported before ``Monitor`` is used.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Monitor"]  # noqa: F822


def __getattr__(name: str) -> Any:
    if name != "Monitor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from defib.capture.skorch_callback import make_monitor
    from defib.integrations.monitor import Monitored, torch_monitor

    return make_monitor(Monitored, torch_monitor)
