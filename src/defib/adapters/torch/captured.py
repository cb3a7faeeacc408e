"""What a captured training hands to the adapter: live framework objects behind a `TrainingRecipe`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from defib.adapters.torch.door import Door
from defib.adapters.torch.program import Program
from defib.adapters.torch.whole import Whole
from defib.subject import AnyArray


@dataclass(frozen=True)
class OptimizerRecord:
    """The user's optimizer at its first step."""

    kind: type[Any]
    groups: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]
    """Per parameter group: names of the model's own parameters in it, and its settings."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    rates: tuple[tuple[float, tuple[float, ...]], ...] = ()
    """``(share of the training done, learning rate per group)`` wherever a rate changed."""
    clip_norm: float | None = None
    clip_value: float | None = None
    accumulation: int = 1
    """Backward passes per step."""
    clears_gradients: bool = True
    steps: bool = True
    """Whether it ever stepped."""
    unused: int = 0
    """Backward passes of a training in which it never stepped."""
    others: tuple[OptimizerRecord, ...] = ()
    """Further optimizers that step with it, for other parameters."""

    @property
    def held(self) -> frozenset[str]:
        """Names of the model's parameters that it and those beside it update."""
        own = frozenset(name for names, _ in self.groups for name in names)
        return own.union(*(one.held for one in self.others))


@dataclass(frozen=True)
class Captured:
    """One model with everything that training it again needs. Tensors and modules are live or copied as said."""

    module: Any
    """The user's own module, never changed."""
    door: Door | None
    lacks: str = ""
    """What would be needed to run it on rows, where that cannot be done."""
    initial: Mapping[str, Any] | None = None
    """Copied arrays by name, parameters and buffers."""
    loaded: bool = False
    """The initial weights were loaded into the model: they are kept for every seed."""
    program: Program | None = None
    """From the model's outputs to the loss."""
    selected: int = 0
    """Which of the output tensors is the prediction."""
    folded: tuple[str, ...] = ()
    """Activations that the user's program applies to the output before a loss that does not expect them."""
    link: str = "identity"
    optimizer: OptimizerRecord | None = None
    modes: Mapping[str, bool] = field(default_factory=dict)
    """``training`` flag per submodule in the user's training steps; missing means in training mode."""
    gradients: Mapping[str, str] = field(default_factory=dict)
    """What the loop had in each parameter's gradient: ``none``, ``zero``, ``nonzero`` or ``nan``."""
    without_grad: bool = False
    """The user's training forward ran with gradients switched off."""
    backward: bool = True
    """Whether ``backward`` was ever called."""
    label_dtype: Any = None
    extras: Callable[[AnyArray, AnyArray | None], tuple[AnyArray, ...]] | None = None
    """Other values that the loss takes for these rows and labels (sample weights), where it does."""
    epoch_rows: int | None = None
    """Rows of one epoch of the user's training, where known."""
    batches_per_epoch: int | None = None
    whole: Whole | None = None
    """All rows, where the network takes them only together."""
    picks: bool = False
    """Rows that are sent were picked already: the loss takes all of them, where the program's own picked by a mask."""
    only_full: int = 0
    """Rows of every batch, where its loss may know the places of its rows: a smaller one is left out."""
    drawn: bool = False
    """Rows were drawn by a sampler, another choice each time: an epoch is a manner of speaking."""
