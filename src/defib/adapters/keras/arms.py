"""From an `Arm` to a program that trains it: the network, the loss, the weights to start from, the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from defib.adapters.keras.backends import backend_of
from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.clone import Clone, Unclonable, borrowed, clone_model, clone_or_borrow
from defib.adapters.keras.edits import OUTSIDE, CannotEdit, plan_changes
from defib.adapters.keras.flavor import everything, is_builtin, to_numpy, trainable_by_design
from defib.adapters.keras.graft import has_composite
from defib.adapters.keras.handmade import Recovered
from defib.adapters.keras.losses import (
    CANONICAL,
    CROSS_ENTROPIES,
    SQUASHED,
    canonical_loss,
    from_logits,
    head_activation,
    link_of,
    loss_edit,
    matched,
    single_loss,
)
from defib.adapters.keras.optimizers import planned
from defib.adapters.keras.own_step import evaluation_mode, read_own_loss, stepping, steps_inside
from defib.adapters.keras.penalties import unbind
from defib.adapters.keras.program import Course, Design, Objective, Program, each
from defib.adapters.keras.rearrange import rearranged
from defib.adapters.keras.together import Together, seen_alone
from defib.adapters.keras.trace import call_model, trace
from defib.adapters.keras.weighing import row_weights
from defib.adapters.keras.weights import weights_of
from defib.recipe import Arm, InputTransform, LossFacts
from defib.subject import AnyArray, FloatArray, ForwardPass, Gradient, NotAvailable, Rows

if TYPE_CHECKING:
    from defib.adapters.keras.subject import KerasSubject


class Workshop:
    """Builds and runs what `KerasSubject` needs. Every method expects random states to be guarded already."""

    def __init__(self, subject: KerasSubject) -> None:
        self.subject = subject

    @property
    def _captured(self) -> Any:
        return self.subject.captured

    @property
    def trains(self) -> Any:
        """The model whose clones are trained, with its initial weights: the one looked at, or the whole around it."""
        return self._captured.together or self._captured

    @property
    def _backend(self) -> Backend:
        return backend_of(self._captured.flavor)

    def reseed(self, clone: Clone, seed: int) -> None:
        """Random layers of a clone to a fixed state ."""
        self._backend.reseed(clone, seed)

    def rows(self, X: AnyArray) -> Any:
        """Rows as the model takes them."""
        return self._backend.rows(X)

    def trace(self, clone: Clone, X: AnyArray, *, training: bool) -> ForwardPass:
        """One eager pass with every layer recorded."""
        backend = self._backend
        with backend.quietly():
            return trace(clone.model, backend.rows(X), training=training, listen=backend.activations_seen)

    # --- gradients and loss -----------------------------------------------------------------------

    def ready(self, sample: AnyArray | None) -> Clone:
        """A compiled clone of the user's structure; the user's model itself where one cannot be made."""
        captured = self._captured
        clone = self._second(sample)
        try:
            self.compile(clone)
        except Exception:  # a compile of the user's own with other arguments
            clone = self._with_step(borrowed(captured.flavor, captured.model))
            self.compile(clone)
        return clone

    def _second(self, sample: AnyArray | None) -> Clone:
        """Another model of the user's structure, with the user's own step where there is one."""
        captured = self._captured
        return self._with_step(clone_or_borrow(captured.flavor, captured.model, sample, same_class=captured.own_step))

    def _with_step(self, clone: Clone) -> Clone:
        packing = self._captured.packing
        if self._captured.own_step and packing is not None:
            steps_inside(clone.flavor, clone.model, packing)
        return clone

    def compile(self, clone: Clone) -> None:
        """Give a clone the user's loss; a borrowed model of the user's has it, a view of it that defib made has not."""
        loss = self._captured.loss
        if (
            (clone.borrowed and not self._captured.view)
            or isinstance(loss, Recovered)
            or (loss is None and not self._captured.own_step)
        ):
            return
        inner = stepping(clone.model)
        for model in [clone.model] if clone.borrowed or inner is clone.model else [clone.model, inner]:
            if loss is None:
                model.compile(optimizer="sgd")
            else:
                model.compile(optimizer="sgd", loss=loss)

    def own_facts(self, clone: Clone, X: AnyArray, y: AnyArray) -> LossFacts:
        """The loss inside a step (or ``compute_loss``) of the model's own."""
        backend, model = self._backend, clone.model
        x, target = backend.rows(X), backend.rows(y)
        if self._captured.own_step:
            variables = list(model.trainable_variables)
            return read_own_loss(
                backend, model, "train_step", x, target, lambda: backend.run_step(model, (x, target), variables).loss
            )

        def compute() -> Any:
            return Objective().of(clone, x, target, self._outputs(clone, x, training=False), None, 1.0)

        return read_own_loss(backend, model, "compute_loss", x, target, compute)

    def _outputs(self, clone: Clone, x: Any, *, training: bool) -> Any:
        return clone.answers(call_model(clone.model, x, training=training))

    def _own_objective(self) -> Objective:
        """The user's loss: compiled into the model, or recovered from a hand-written loop."""
        loss = self._captured.loss
        return Objective(loss) if isinstance(loss, Recovered) else Objective()

    def _needs_loss(self) -> None:
        if self._captured.unknown is not None or self._captured.reading is None:
            raise NotAvailable("the loss")

    def gradients(
        self, clone: Clone, X: AnyArray, y: AnyArray, objective: Objective | None = None
    ) -> tuple[Gradient, ...]:
        """Per parameter; ``None`` where the loss does not depend on it. ``objective``: an arm's, else the user's."""
        self._needs_loss()
        weights = [w for w in weights_of(clone.model) if w.by_design]
        names = [w.name for w in (weights if objective else weights_of(self._captured.model)) if w.by_design]
        variables = [w.variable for w in weights]
        backend, used = self._backend, objective or self._own_objective()
        x, target = backend.rows(X), backend.rows(y)

        def compute() -> Any:
            p = self._outputs(clone, x, training=self._captured.in_training_mode)
            return used.of(clone, x, target, p, None, 1.0)

        if self._captured.own_step:
            found = backend.own_gradients(clone.model, (x, target), variables, eager=self._eager)
        else:
            found = backend.gradients(clone, variables, compute, eager=self._eager)
        return tuple(Gradient(name, g) for name, g in zip(names, found, strict=True))

    @property
    def _eager(self) -> bool:
        return bool(getattr(self._captured.model, "run_eagerly", False))

    def loss(self, clone: Clone, X: AnyArray, y: AnyArray, objective: Objective | None = None) -> float:
        """Evaluation mode; through the graph, as ``evaluate`` does. ``objective``: an arm's, else the user's."""
        self._needs_loss()
        backend = self._backend
        x, target = backend.rows(X), backend.rows(y)
        if self._captured.own_step:
            with evaluation_mode(stepping(clone.model)):
                step = backend.run_step(clone.model, (x, target), clone.model.trainable_variables)
                return float(to_numpy(step.loss))

        def compute() -> Any:
            p = self._outputs(clone, x, training=False)
            return (objective or self._own_objective()).of(clone, x, target, p, None, 1.0)

        return backend.value(compute, eager=self._eager)

    def losses_of(self, clone: Clone, outputs: Sequence[FloatArray], X: AnyArray, y: AnyArray) -> tuple[float, ...]:
        """The user's loss of these outputs. Raises `NotAvailable` for a step of the model's own."""
        self._needs_loss()
        if self._captured.own_step:
            raise NotAvailable("a loss that can be asked about other outputs")
        backend = self._backend
        x, target = backend.rows(X), backend.rows(y)

        def ask(one: FloatArray) -> float:
            p = backend.rows(np.asarray(one, dtype=np.float32))
            return backend.value(lambda: self._own_objective().of(clone, x, target, p, None, 0.0), eager=True)

        return tuple(ask(one) for one in outputs)

    # --- programs ---------------------------------------------------------------------------------

    def key(self, arm: Arm) -> Any:
        """Arms with the same key share one traced program."""
        edits = tuple(edit for edit in arm.edits if edit.op != "input_norm")
        decays = any(self._config().get(key) for key in ("weight_decay",))
        return edits, arm.loop, arm.clipped, arm.regularization_factor if decays else None, _unbound(arm)

    def _config(self) -> dict[str, Any]:
        plan = self._captured.optimizer
        return {} if plan is None else dict(plan.config)

    def program(self, arm: Arm) -> Program:
        """Build the network of an arm. Raises `CannotEdit` or `Unclonable`."""
        captured = self._captured
        clone = self._network(arm)
        if any(edit.op == "unfreeze" for edit in arm.edits):
            for layer in everything(clone.model):
                layer.trainable = True
        if _unbound(arm) and not clone.borrowed:
            unbind(clone.model)
        alone = self._alone(arm, clone.shown)
        objective = self._together(captured.together, arm, clone, alone)
        design = Design(
            clone,
            objective,
            planned(captured.optimizer, arm),
            self._variables(arm, clone, objective),
            regularization=arm.regularization_factor,
            eager=self._eager,
            training=captured.in_training_mode or arm.loop == "canonical",
            as_recorded=arm.loop == "as_recorded",
            alone=alone,
        )
        return self._backend.program(design)

    def _network(self, arm: Arm) -> Clone:
        captured = self._captured
        if captured.together is not None:
            return self._whole(captured.together, arm)
        if all(edit.op in OUTSIDE for edit in arm.edits):
            return self.ready(None if self.subject.training is None else self.subject.training.X)
        sample = None if self.subject.training is None else self.subject.training.X
        fresh = self._second(sample)
        with fresh.entered():
            return rearranged(self._backend, captured.model, fresh, arm.edits, sample)

    def _whole(self, together: Together, arm: Arm) -> Clone:
        """All outputs of the user's model, with the arm's edits on the way to the one looked at."""
        captured = self._captured
        if has_composite(together.model):
            raise CannotEdit("a class of the program's own arranges the layers in front of several outputs")
        changes = plan_changes(captured.flavor, captured.model, arm.edits).changes
        return seen_alone(captured.flavor, clone_model(captured.flavor, together.model, changes), together.number)

    def _together(self, together: Together | None, arm: Arm, clone: Clone, alone: Objective) -> Objective:
        """All losses, where several outputs are trained together; else the one."""
        if together is None:
            return alone
        own = together.losses[together.number] if alone.function is None else alone.function
        together.compile(clone, own, counted=arm.loop == "canonical")
        return Objective()

    def _alone(self, arm: Arm, clone: Clone) -> Objective:
        """The loss of the output that is looked at."""
        flavor, loss = self._captured.flavor, single_loss(self._captured.loss)
        matching = any(edit.op == "match_shapes" for edit in arm.edits)
        name = loss_edit(arm.edits) or (self._matching_loss() if matching else None)
        if name is not None:
            return Objective(canonical_loss(flavor, name))
        if isinstance(loss, Recovered):
            return Objective(loss.matching() if matching else loss)
        self.compile(clone)
        if self._captured.own_step:
            if type(stepping(clone.model)) is not type(stepping(self._captured.model)) and not self._captured.view:
                raise Unclonable("the model has its own train_step, and its class cannot be built again")
            return Objective(own_step=True, reshape=matching)
        if matching and loss is not None:
            return Objective(matched(loss, flavor))
        return Objective()

    def _matching_loss(self) -> str | None:
        """The canonical loss in place of a hand-made one that reshapes by itself; both sides match in it."""
        reading, loss = self._captured.reading, single_loss(self._captured.loss)
        handmade = self._captured.own_step or (callable(loss) and not is_builtin(loss))
        if reading is None or not handmade:
            return None
        names = {
            ("squared_error", "values"): "mse",
            ("binary_cross_entropy", "probabilities"): "bce",
            ("binary_cross_entropy", "logits"): "bce_logits",
        }
        return names.get((reading.facts.kind, reading.facts.takes))

    def _variables(self, arm: Arm, clone: Clone, objective: Objective) -> list[Any]:
        """What the optimizer of this arm moves."""
        design = trainable_by_design(clone.model)
        pairs = [(v, s) for v, s in zip(clone.model.weights, clone.sources, strict=True) if id(v) in design]
        if any(edit.op == "unfreeze" for edit in arm.edits):
            return [v for v, _ in pairs]
        now = {id(v) for v in clone.model.trainable_variables}
        trained = self.trains.trained
        if arm.loop == "canonical" or trained is None or objective.own_step:
            return [v for v, s in pairs if id(v) in now or s is None]
        return [v for v, s in pairs if s is None or s in trained]

    def dry_run(self, program: Program, X: AnyArray, y: AnyArray) -> None:
        """A few rows through the network and the loss; raises what they raise."""
        clone, backend = program.clone, self._backend
        together = self._captured.together
        labels = y if together is None else together.all_labels(Rows(X, y), y)
        x, target = backend.rows(X), each(backend.rows, labels)
        if program.objective.own_step:
            backend.run_step(clone.model, (x, target), program.variables)
            return
        with backend.quietly():
            program.objective.of(clone, x, target, self._outputs(clone, x, training=False), None, 1.0)

    # --- rows -------------------------------------------------------------------------------------

    def inputs(self, arm: Arm, rows: Rows) -> Any:
        """The transform of the rows in front of the network; the identity when there is none."""
        parts = [part for part in (arm.inputs, self._door(arm, rows)) if part is not None]
        packing = self._captured.packing
        if packing is not None:
            if any(part.padding is not None for part in parts):
                raise CannotEdit("the padding of one of several inputs cannot be told")
            parts = [packing.spared(part) for part in parts]

        def transform(X: AnyArray) -> AnyArray:
            for part in parts:
                X = part(X)
            return X

        return transform

    def _door(self, arm: Arm, rows: Rows) -> InputTransform | None:
        if not any(edit.op == "input_norm" for edit in arm.edits):
            return None
        X = rows.X if arm.inputs is None else arm.inputs(rows.X)
        if np.asarray(X).dtype.kind not in "fiub":
            raise CannotEdit("the inputs are no numbers")
        axes = tuple(range(np.ndim(X) - 1))
        scale = np.nanstd(X, axis=axes, dtype=np.float64)
        return InputTransform(np.nanmean(X, axis=axes, dtype=np.float64), np.where(scale > 0, scale, 1.0), "input_norm")

    def course(self, arm: Arm, rows: Rows, transform: Any) -> Course:
        """Rows, weights, order and length for an arm."""
        assert rows.y is not None
        captured, recipe = self._captured, self.subject.recipe
        y = arm.labelled(rows.y)
        batch = max(1, min(recipe.batch_size or 32, len(rows)))
        per_epoch = -(-len(rows) // batch)
        passes = 0 if captured.never_stepped and arm.loop != "canonical" else captured.epochs or 1
        updates = max(1, round(passes * per_epoch * arm.updates_factor))
        shuffle = recipe.shuffled is not False if arm.shuffle is None else arm.shuffle
        anew = arm.loop == "canonical" and bool(recipe.uncounted)
        return Course(
            X=transform(rows.X),
            y=y if captured.together is None else captured.together.all_labels(rows, y),
            weights=self._counts(rows, anew=anew),
            batch=batch,
            updates=updates,
            shuffle=shuffle,
            factor=arm.learning_rate_factor,
            regularization=arm.regularization_factor,
            stop_at=arm.stop_at,
            lowest_rate=captured.optimizer.largest_rate if captured.optimizer and arm.constant_rate else 0.0,
            highest_rate=np.inf if arm.rate_cap is None else arm.rate_cap,
            stop_after=arm.stop_after,
        )

    def _counts(self, rows: Rows, *, anew: bool) -> Any:
        """What each row counts for; ``anew``: for one at the output looked at, whatever was given."""
        together = self._captured.together
        if together is not None:
            return together.all_counts(rows, uncounted=anew)
        return None if anew else row_weights(self._captured, rows)

    # --- outputs ----------------------------------------------------------------------------------

    def link(self, program: Program, arm: Arm) -> str:
        """What turns an arm's outputs into probabilities."""
        name = loss_edit(arm.edits)
        activation = program.clone.ends_in or head_activation(program.clone.shown.model)
        if name is not None:
            kind, takes = CANONICAL[name]
        else:
            reading = self._captured.reading
            if reading is None or not any(edit.op == "head" for edit in arm.edits):
                return self.subject.link
            kind = reading.facts.kind
            logits = kind in CROSS_ENTROPIES and from_logits(single_loss(self._captured.loss))
            takes = "logits" if logits else "probabilities"
        return "identity" if activation in SQUASHED else link_of(kind, takes)


def _unbound(arm: Arm) -> bool:
    """Whether no step is followed by a constraint on the weights."""
    return arm.regularization_factor < 1
