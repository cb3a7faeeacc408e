"""What differs between the backends of Keras when a network is run, differentiated, watched and trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import everything, to_numpy
from defib.adapters.keras.own_step import Meeting, Step
from defib.adapters.keras.program import Design, Program
from defib.subject import AnyArray

Report = Callable[[str, Any, Any], None]
"""Told ``(activation, before, after)``."""
Broadcast = Callable[[tuple[int, ...]], None]
"""Told the shape that came out of an operation on two smaller operands."""


class Backend(ABC):
    """One of TensorFlow, PyTorch and JAX; stateless."""

    gives_none: bool
    """Whether a parameter that the loss does not depend on has the gradient ``None``, not zeros."""

    @abstractmethod
    def rows(self, X: AnyArray) -> Any:
        """Rows or labels as ``fit`` hands them to the model: float64 becomes float32."""

    @abstractmethod
    def reseed(self, clone: Clone, seed: int) -> None:
        """Set every random layer of a clone (dropout, noise) to a state that follows from the seed."""

    @abstractmethod
    def gradients(
        self, clone: Clone, variables: Sequence[Any], compute: Callable[[], Any], *, eager: bool
    ) -> list[Any]:
        """Of the scalar ``compute()`` for each variable, NumPy or ``None``; frozen ones included."""

    @abstractmethod
    def value(self, compute: Callable[[], Any], *, eager: bool) -> float:
        """A scalar as ``evaluate`` computes it."""

    @abstractmethod
    def run_step(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any]) -> Step:
        """Run ``model.train_step`` without its update, and note its loss and gradients. Raises `NoLoss`."""

    @abstractmethod
    def own_gradients(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any], *, eager: bool) -> list[Any]:
        """Gradients that the model's own ``train_step`` takes, NumPy or ``None``."""

    @abstractmethod
    def program(self, design: Design) -> Program:
        """Something that trains."""

    @abstractmethod
    def activations_seen(self, report: Report) -> AbstractContextManager[None]:
        """Report activations that are applied as functions while the context is open."""

    @abstractmethod
    def meeting(self, model: Any, labels: Any) -> AbstractContextManager[Meeting]:
        """Follow the model's output and the labels until one operation takes both."""

    @abstractmethod
    def broadcasts(self, loss: Callable[[Any, Any], Any], y: Any, p: Any) -> list[tuple[int, ...]]:
        """Run the loss; shapes of what came out of element-wise operations on two smaller operands."""

    @abstractmethod
    def quietly(self) -> AbstractContextManager[None]:
        """For passes whose gradient nobody wants."""

    def to_numpy(self, found: Sequence[Any]) -> list[Any]:
        """Gradients as arrays; ``None`` stays."""
        return [None if one is None else to_numpy(one) for one in found]


def reseed_generators(clone: Clone, seed: int) -> None:
    """Set the seed generators of every random layer of Keras 3 to a state that follows from the seed."""
    for number, layer in enumerate(everything(clone.model)):
        state = np.array([seed % 2**31, number], dtype=np.uint32)
        for variable in getattr(layer, "variables", []):
            if "seed_generator_state" in str(getattr(variable, "path", "")):
                variable.assign(state)
