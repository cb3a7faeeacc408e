"""The callback for Lightning: one line in the program, and the diagnosis is printed when the training ends.

::

    trainer = L.Trainer(max_epochs=20, callbacks=[defib.lightning.Monitor()])
    trainer.fit(model, loader)          # prints the diagnosis

Nothing is imported before ``Monitor`` is used.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Monitor"]  # noqa: F822


def __getattr__(name: str) -> Any:
    if name != "Monitor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from defib.capture.lightning_callback import make_monitor
    from defib.integrations.monitor import Monitored, torch_monitor

    return make_monitor(Monitored, torch_monitor)
