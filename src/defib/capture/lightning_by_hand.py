"""A ``training_step`` with manual optimization, run without the Trainer that it asks for its optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final


@final
class Unmoved:
    """Stands for an optimizer or a scheduler: whatever it is asked to do, nothing happens."""

    param_groups: tuple[Any, ...] = ()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def by_hand(module: Any, n_optimizers: int, step: Callable[[], Any]) -> Any:
    """The loss that the step would have sent backward first; what it returns where it did not do so itself.

    ``module``, a clone of the user's, has its own methods back afterwards.
    """
    losses: list[Any] = []
    stand_ins = [Unmoved() for _ in range(n_optimizers)]
    own = vars(module)
    replaced = {
        "optimizers": lambda *args, **kwargs: stand_ins[0] if n_optimizers == 1 else stand_ins,
        "lr_schedulers": lambda *args, **kwargs: Unmoved(),
        "manual_backward": lambda loss, *args, **kwargs: losses.append(loss),
        "toggle_optimizer": lambda *args, **kwargs: None,
        "untoggle_optimizer": lambda *args, **kwargs: None,
    }
    own.update(replaced)
    try:
        out = step()
    finally:
        for name in replaced:
            own.pop(name, None)
    return losses[0] if losses else out
