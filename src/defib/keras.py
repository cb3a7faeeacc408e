"""``defib.keras.Monitor``: a callback for ``model.fit`` that says at the end of the training what was found.

::

    import defib
    model.fit(X, y, callbacks=[defib.keras.Monitor()])

Works with Keras 3 on any backend and with the legacy ``tf_keras``. Importing this module imports no framework.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, final

from defib.integrations.monitor import Monitored, MonitorOptions, TrainingMonitor

if TYPE_CHECKING:

    @final
    class Monitor(Monitored):
        """See ``defib.capture.keras_callback``."""

        def __init__(
            self, *, trials: bool = True, budget: float | None = None, seed: int = 0, quiet: bool = False
        ) -> None: ...

        @property
        def monitor(self) -> TrainingMonitor:
            """The one that does the work."""


__all__ = ["Monitor"]


def __getattr__(name: str) -> Any:
    if name == "Monitor":
        return _monitor_class(_imported())
    raise AttributeError(f"module 'defib.keras' has no attribute {name!r}")


def _imported() -> tuple[str, ...]:
    """Which Keras there are, so that a class made before the second one came in is not given again."""
    import sys

    return tuple(name for name in ("keras", "tf_keras") if name in sys.modules)


@cache
def _monitor_class(imported: tuple[str, ...]) -> type[Any]:
    from defib.capture.keras_callback import TABLE, callback_class

    return callback_class(Monitored, lambda **options: TrainingMonitor(MonitorOptions(**options), table=TABLE))
