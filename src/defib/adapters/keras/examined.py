"""A trained clone, looked into: see `defib.subject.Inside`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

import numpy as np

from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.program import Objective, Program
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.weights import is_statistic, weights_of
from defib.subject import AnyArray, FloatArray, ForwardPass, Gradient, Inside, Parameter

if TYPE_CHECKING:
    from defib.adapters.keras.arms import Workshop


@final
class KerasInside(Inside):
    """The program's clone with the weights that one training left in it."""

    def __init__(self, workshop: Workshop, program: Program, values: list[AnyArray]) -> None:
        self._workshop = workshop
        self._program = program
        self._values = values

    @property
    def _objective(self) -> Objective:
        return self._program.design.alone or self._program.objective

    @contextmanager
    def _loaded(self) -> Iterator[Clone]:
        clone = self._program.clone
        with quiet(), clone.entered():
            clone.assign(self._values)
            self._workshop.reseed(clone, 0)
            yield clone.shown

    def parameters(self) -> tuple[Parameter, ...]:
        """Trainable is what the arm's optimizer moved."""
        moved = {id(variable) for variable in self._program.variables}
        with self._loaded() as clone:
            found = [
                Parameter(one.name, one.layer, None, to_numpy(one.variable), id(one.variable) in moved, None)
                for one in weights_of(clone.model)
                if one.by_design
            ]
        return tuple(sorted(found, key=lambda one: not one.trainable))

    def buffers(self) -> dict[str, FloatArray]:
        """Running means and variances of batch normalizations."""
        with self._loaded() as clone:
            return {
                f"{one.layer}.{one.short.removeprefix('moving_')}": to_numpy(one.variable)
                for one in weights_of(clone.model)
                if is_statistic(one)
            }

    def forward(self, X: AnyArray, *, training: bool = False) -> ForwardPass:
        """Every layer, added ones included."""
        with self._loaded() as clone:
            return self._workshop.trace(clone, np.asarray(X), training=training)

    def gradients(self, X: AnyArray, y: AnyArray) -> tuple[Gradient, ...]:
        """Training mode, all rows as one batch."""
        with self._loaded() as clone:
            return self._workshop.gradients(clone, np.asarray(X), np.asarray(y), self._objective)

    def loss(self, X: AnyArray, y: AnyArray) -> float:
        """Evaluation mode, all rows as one batch."""
        with self._loaded() as clone:
            return self._workshop.loss(clone, np.asarray(X), np.asarray(y), self._objective)
