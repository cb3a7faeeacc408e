"""A Keras model, its rows and its recipe, behind the Subject protocol."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np

from defib.adapters.keras.arms import Workshop
from defib.adapters.keras.backends import backend_of
from defib.adapters.keras.clone import Clone, Unclonable
from defib.adapters.keras.edits import CannotEdit
from defib.adapters.keras.examined import KerasInside
from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.adapters.keras.losses import LossReading
from defib.adapters.keras.optimizers import class_of
from defib.adapters.keras.packing import Packing
from defib.adapters.keras.penalties import output_penalties, penalties
from defib.adapters.keras.program import OptimizerPlan, Program
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.starts import starting_values
from defib.adapters.keras.statistics import recompute_statistics
from defib.adapters.keras.together import Together
from defib.adapters.keras.weights import is_statistic, weights_of
from defib.adapters.watched import TrainedClone, WatchedSubject
from defib.recipe import Arm, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    GradientSeen,
    Inside,
    LayerOutput,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Trained,
    TrainingTrace,
)

MAX_PROGRAMS: Final = 4
"""Traced networks kept for further seeds."""
DRY_ROWS: Final = 4


@dataclass(frozen=True)
class Captured:
    """What is known of a Keras model beyond the neutral recipe."""

    flavor: Flavor
    model: Any
    """The user's live model. Read, never changed."""
    initial: list[AnyArray] | None = None
    """Values of ``model.weights`` before the first step."""
    optimizer: OptimizerPlan | None = None
    reading: LossReading | None = None
    loss: Any = None
    """As given to ``compile``."""
    trained: frozenset[int] | None = None
    """Indices into ``model.weights`` that the user's steps could change; ``None``: those trainable now."""
    gradients_seen: Mapping[int, GradientSeen] = field(default_factory=dict)
    """Index into ``model.weights`` → what a hand-written loop handed the optimizer at its first step."""
    class_weight: dict[int, float] | None = None
    sample_weights: dict[bytes, float] = field(default_factory=dict)
    """Weight of a row by its bytes (see `weighing.row_key`)."""
    epochs: float | None = None
    """Passes over the training rows."""
    never_stepped: bool = False
    """The loop computed gradients in these passes, and its optimizer made no step; the usual loop steps after each."""
    in_training_mode: bool = True
    own_step: bool = False
    """The model has a ``train_step`` of its own."""
    untried: str | None = None
    """Why no trial is run although the loss is known, as a clause."""
    together: Together | None = None
    """The whole model that trials train, where ``model`` is one of its outputs."""
    packing: Packing | None = None
    """How several inputs lie side by side in a row; ``model`` then is the packed one."""
    view: bool = False
    """``model`` is defib's own around the user's layers: inputs packed, one of several outputs, behind text layers."""
    first_loss: Any = None
    """What the first compiled step of a hand-written loop returned, where that was a number."""
    unknown: str | None = None
    """Why it cannot be trained again, as a clause ("the model has its own train_step")."""


@final
class KerasTrained(TrainedClone):
    """The weights one training left, and the program that can serve them."""

    def __init__(
        self,
        program: Program,
        values: list[AnyArray],
        arm: Arm,
        transform: Any,
        loss: FloatArray,
        seconds: float,
        link: str,
        workshop: Workshop,
    ) -> None:
        super().__init__(arm, loss, seconds)
        self._program = program
        self._workshop = workshop
        self._values = values
        self._transform = transform
        self._link = link

    @property
    def link(self) -> str:
        """What turns the outputs into probabilities."""
        return self._link

    def _entered(self, X: AnyArray) -> AnyArray:
        return np.asarray(X) if self._transform is None else np.asarray(self._transform(np.asarray(X)))

    def _outputs(self, rows: AnyArray) -> FloatArray:
        with quiet(), self._program.clone.entered():
            return self._program.predict(self._values, rows)

    def inside(self) -> Inside:
        """The clone with its edits."""
        return KerasInside(self._workshop, self._program, self._values)


@final
class KerasSubject(WatchedSubject[Captured]):
    """See `Subject`. Works on clones; a subclassed model that cannot be rebuilt is borrowed and put back."""

    framework = "keras"

    def __init__(self, captured: Captured, recipe: TrainingRecipe, trace: TrainingTrace, **known: Any) -> None:
        super().__init__(captured, recipe, trace, **known)
        self._base: Clone | None = None
        self._workshop = Workshop(self)
        self._programs: OrderedDict[Any, Program] = OrderedDict()
        self._reasons: dict[Any, str | None] = {}

    @property
    def link(self) -> str:
        """What turns the model's outputs into probabilities."""
        return self.captured.reading.link if self.captured.reading is not None else "identity"

    # --- weights --------------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """All weights, trainable first; running statistics are not among them."""
        initial, trained = self.captured.initial, self.captured.trained
        now = {id(v) for v in self.captured.model.trainable_variables}
        found = [
            Parameter(
                name=weight.name,
                layer=weight.layer,
                initial=None if initial is None else initial[weight.index],
                end=to_numpy(weight.variable),
                trainable=id(weight.variable) in now,
                in_optimizer=None if trained is None else weight.index in trained,
                gradient_in_loop=self.captured.gradients_seen.get(weight.index),
            )
            for weight in weights_of(self.captured.model)
            if weight.by_design
        ]
        return tuple(sorted(found, key=lambda one: not one.trainable))

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """Running means and variances of batch normalizations, ``layer.mean`` and ``layer.variance``."""
        values = self._values(moment)
        return {
            f"{weight.layer}.{weight.short.removeprefix('moving_')}": values[weight.index]
            for weight in weights_of(self.captured.model)
            if is_statistic(weight)
        }

    def _values(self, moment: Moment) -> list[AnyArray]:
        if moment == "end":
            return [to_numpy(v) for v in self.captured.model.weights]
        if self.captured.initial is None:
            raise NotAvailable("the initial weights")
        return self.captured.initial

    # --- passes ---------------------------------------------------------------------------------

    @contextmanager
    def _at(self, moment: Moment) -> Iterator[Clone]:
        """The clone with the weights of a moment; random states and a borrowed model are put back."""
        values = self._values(moment)
        with quiet():
            base = self.base()
            with base.entered():
                base.assign([values[s] for s in base.sources if s is not None])
                self._workshop.reseed(base, 0)
                yield base

    def base(self) -> Clone:
        """The clone that has the user's structure."""
        if self._base is None:
            sample = None if self.training is None else self.training.X
            self._base = self._workshop.ready(sample)
        return self._base

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """Send rows through a clone, eagerly, and record every layer."""
        with self._at(moment) as base:
            return self._workshop.trace(base, np.asarray(X), training=training)

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of the compiled loss in training mode, all rows as one batch, frozen parameters included."""
        with self._at(moment) as base:
            return self._workshop.gradients(base, np.asarray(X), np.asarray(y))

    penalties_in_loss = True

    def penalties(self, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """What the layers' own regularizers add to the gradient."""
        model = self.captured.model
        return penalties(model, weights_of(model), self._values(moment))

    def output_penalties(self, layers: Sequence[LayerOutput]) -> Mapping[str, float]:
        """See `Subject.output_penalties`: of ``activity_regularizer``."""
        return output_penalties(self.captured.model, layers)

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """The compiled loss in evaluation mode, all rows as one batch."""
        with self._at(moment) as base:
            return self._workshop.loss(base, np.asarray(X), np.asarray(y))

    def losses_of(self, outputs: Sequence[FloatArray], X: AnyArray, y: AnyArray) -> tuple[float, ...]:
        """See `Subject.losses_of`."""
        with self._at("end") as base:
            return self._workshop.losses_of(base, outputs, np.asarray(X), np.asarray(y))

    # --- trials ---------------------------------------------------------------------------------

    def can_train(self, arm: Arm) -> str | None:
        """``None``, or why not, as a clause."""
        if self.captured.unknown is not None:
            return self.captured.unknown
        if self.captured.untried is not None:
            return self.captured.untried
        if self.training is None or self.training.y is None:
            return "no training rows with labels were seen"
        if self.captured.optimizer is None or self.captured.epochs is None:
            return "the optimizer or the number of epochs is not known"
        key = self._workshop.key(arm)
        if key not in self._reasons:
            self._reasons[key] = self._reason(arm)
        return self._reasons[key]

    def at_the_door(self, arm: Arm, X: AnyArray) -> AnyArray:
        """Behind the transform, which leaves columns alone that are looked up."""
        assert self.training is not None
        rows: AnyArray = self._workshop.inputs(arm, self.training)(X)
        return rows

    def _reason(self, arm: Arm) -> str | None:
        assert self.training is not None
        assert self.training.y is not None
        try:
            with quiet():
                program = self._program(arm)
                with program.clone.entered():
                    X = self._workshop.inputs(arm, self.training)(self.training.X[:DRY_ROWS])
                    self._workshop.dry_run(program, X, self.training.y[:DRY_ROWS])
        except (CannotEdit, Unclonable) as error:
            return str(error)
        except Exception as error:
            return f"the changed network does not run ({type(error).__name__}: {str(error).splitlines()[0][:60]})"
        return None

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train a clone by the recipe with the arm's change. See `Subject.train`."""
        reason = self.can_train(arm)
        if reason is not None:
            raise NotAvailable(reason)
        started = time.monotonic()
        transform = self._workshop.inputs(arm, rows)
        with quiet():
            program = self._program(arm)
            course = self._workshop.course(arm, rows, transform)
            values = starting_values(self._workshop.trains, program.clone, seed)
            with program.clone.entered():
                losses = program.train(course, values, seed=seed, deadline=deadline)
                if arm.recomputed_statistics:
                    recompute_statistics(backend_of(self.captured.flavor), program.clone.model, course.X)
                trained = [to_numpy(v) for v in program.clone.model.weights]
        link = self._workshop.link(program, arm)
        seconds = time.monotonic() - started
        return KerasTrained(program, trained, arm, transform, losses, seconds, link, self._workshop)

    def _program(self, arm: Arm) -> Program:
        key = self._workshop.key(arm)
        if key not in self._programs:
            self._programs[key] = self._workshop.program(arm)
            while len(self._programs) > MAX_PROGRAMS:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return self._programs[key]


__all__ = ["Captured", "KerasSubject", "KerasTrained", "class_of"]
