"""Hand-written training loops around a Keras model: ``tf.GradientTape``, plain or inside ``tf.function``, and PyTorch.

Seen are the call of the model in training, a Keras loss object that takes its output or the operations of a hand-made
loss (see ``keras_look``), and the optimizer that is applied to its weights. Inside ``tf.function`` these run once,
while the function is traced; which of its arguments were the rows and the labels is noted then, and each later call of
the function is one step.
"""

from __future__ import annotations

import sys
import weakref
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from defib.adapters.keras.flavor import flavor_of
from defib.capture.engaged import CLAIMED, KEPT_OUTSIDE
from defib.capture.keras_applied import gradients_in, variables_of
from defib.capture.keras_gathered import Gathered, any_symbolic, one_batch, together
from defib.capture.keras_look import Look, Met, is_symbolic
from defib.capture.keras_rows import to_array
from defib.capture.keras_study import Study
from defib.capture.keras_traced import Traced, given_at, place, places
from defib.capture.keras_turn import Turn, in_training
from defib.capture.keras_unapplied import Unapplied, unapplied
from defib.capture.torch_frames import user_line
from defib.subject import GradientSeen

if TYPE_CHECKING:
    from defib.capture.keras_session import Session


MAX_MODES = 10_000
STATELESS = (
    "{name} was called through stateless_call, with weights that are kept outside of it, so its training was not seen; "
    "write the weights back into the model and call defib.diagnose(model, X_train, y_train)"
)
"""Of models that took no other step: by name."""


@dataclass
class LoopNotes:
    """What is known of one model's hand-written loop."""

    loss: Any = None
    """The Keras loss object that took the model's output."""
    met: Met | None = None
    """What was seen of a hand-made loss at the first step."""
    value: Any = None
    """The first loss that a compiled step returned."""
    gradients: dict[int, GradientSeen] = field(default_factory=dict)
    """``id`` of a variable → what the loop handed the optimizer for it at its first step."""
    modes: deque[bool] = field(default_factory=lambda: deque(maxlen=MAX_MODES))
    """Of the last steps (once per tracing of a compiled one): whether the model was called in training mode."""
    unapplied: Unapplied | None = None
    """What was seen before the first step."""
    computed: int = 0
    """Gradients that a loop computed which never stepped."""


@dataclass
class Pending:
    """The last forward pass in training whose loss was not seen yet."""

    model: Any
    x: Any
    output: Any
    training: bool = True


class Loops:
    """Watches steps taken outside of Keras' own training methods."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.models: dict[int, weakref.ref[Any]] = {}
        self.traced: weakref.WeakKeyDictionary[Any, Traced] = weakref.WeakKeyDictionary()
        self.pending: Pending | None = None
        self.labels: Any = None
        self.look: Look | None = None
        self.outside: dict[str, None] = {}
        """Names of models that were called with weights kept outside of them."""
        self.stepping: Study | None = None
        """Whose weights an optimizer of PyTorch is moving."""
        self.gathered = Gathered()
        self.inside: list[Any] = []
        """The outermost ``tf.function`` that runs now, if any."""

    def stateless(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """``model.stateless_call(weights, ...)`` by hand: nothing inside it is a training of the model itself."""
        if self.session.depth:
            return None
        self.outside[str(model.name)] = None
        KEPT_OUTSIDE.add(str(model.name))
        turn = Turn(args, kwargs)
        self.session.depth += 1
        turn.stack.callback(self.session.serving.leave)
        return turn

    def call(self, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """A training forward pass by hand; ``None`` when it is none."""
        training = in_training(args, kwargs)
        if not args or not (training or _recording(model)):
            return None
        self.models[id(model)] = weakref.ref(model)
        turn = Turn(args, kwargs)
        self.session.depth += 1
        turn.stack.callback(self.session.serving.leave)

        def finish(result: Any) -> None:
            self.pending, self.labels = Pending(model, args[0], result, training), None
            if self.steps_may_follow(model):
                self._look_from(model, result)

        turn.finish = finish
        return turn

    def steps_may_follow(self, model: Any) -> bool:
        """Whether a call may belong to a step: when a tape, or PyTorch, records it."""
        flavor = flavor_of(model)
        return flavor is None or flavor.backend == "jax" or _recording(model)

    def _look_from(self, model: Any, output: Any) -> None:
        """Follow the output to the loss, as long as rows or the loss are still to be learnt."""
        self._look_no_more()
        study = self.session.studies.get(id(model))
        known = study is not None and study.loop is not None and study.loop.loss is not None
        told = study is not None and study.training.complete and study.training.reordered is not None
        if not known and not told and hasattr(output, "shape"):
            self.look = Look(output)
            self.look.start()

    def stop(self) -> None:
        """The watching ends: nothing is followed any more."""
        self._look_no_more()

    def _look_no_more(self) -> Look | None:
        look, self.look = self.look, None
        if look is not None:
            look.stop()
        return look

    def gradient(self, original: Any, tape: Any, args: Any, kwargs: Any) -> Turn | None:
        """``tape.gradient``: its target is the loss."""
        look = self._look_no_more()
        target = args[0] if args else kwargs.get("target")
        if self.session.depth or self.session.fitting or self.pending is None or not hasattr(target, "shape"):
            return None
        self._follow(look, target)
        if tape is not None and not any_symbolic(self.pending.x):
            self.gathered.add(self.pending.model, self.pending.x, self.labels)
        if tape is not None:
            self._before_a_step(args[1] if len(args) > 1 else kwargs.get("sources"))
        return None

    def _follow(self, look: Look | None, target: Any) -> None:
        """What was seen on the way from the output to this loss."""
        pending: Any = self.pending
        seen = look is not None and look.labels is not None and look.leads_to(target)
        model = pending.model
        study = self.session.study(model) if seen else self.session.studies.get(id(model))
        if study is None or (study.loop is not None and study.loop.loss is not None):
            return
        if look is not None and seen:
            self.labels = look.labels
            study.loop = study.loop or LoopNotes()
            study.loop.met = study.loop.met or _met(look, target)
        if study.loop is not None and study.loop.met is not None and _is_value(target):
            study.losses.add(study.n_updates, 1, target)

    def _before_a_step(self, sources: Any) -> None:
        """Gradients of a model that no step was seen of yet: one may follow, or none ever."""
        pending: Any = self.pending
        study = self.session.studies.get(id(pending.model))
        if study is None or study.loop is None or study.n_updates:
            return
        import tensorflow as tf

        notes = study.loop
        notes.unapplied = notes.unapplied or unapplied(study, tf.nest.flatten(sources), training=pending.training)
        traced = self._tracing()
        if traced is not None:
            traced.study = traced.study or (study if notes.unapplied is not None else None)
        elif notes.unapplied is not None:
            notes.unapplied.note_weights(study.model)
            self._computed(study, pending.x, self.labels)

    def _computed(self, study: Study, x: Any, labels: Any) -> None:
        """One batch whose gradients no step has followed yet."""
        seen = None if study.n_updates else study.loop.unapplied
        if seen is not None and not any_symbolic(x):
            seen.n += 1
            X, y = one_batch(study, x, labels)
            if X is not None and X.ndim > 0:
                seen.rows.add_batch(X, y, None)

    def backward(self, original: Any, loss: Any, args: Any, kwargs: Any) -> Turn | None:
        """``loss.backward()`` on PyTorch."""
        self.session.serving.unclaimed = None
        self.gradient(original, None, (loss,), {})
        if self.session.depth or self.pending is None or not self.pending.model.trainable_weights:
            return None
        study = self.session.studies.get(id(self.pending.model))
        if study is None or study.loop is None:
            return None
        turn = Turn(args, kwargs)
        self.session.depth += 1  # who watches PyTorch itself looks away: it knows no module of this loss
        turn.stack.callback(self.session.serving.leave)
        return turn

    def before_native_step(self, optimizer: Any) -> None:
        """An optimizer of PyTorch is about to step."""
        if self.session.depth or self.session.fitting:
            return
        held = {id(one) for group in optimizer.param_groups for one in group["params"]}
        for reference in reversed(list(self.models.values())):
            model = reference()
            found = [] if model is None else [v for v in model.weights if id(v.value) in held]
            study = self.session.study(model) if found else None
            if study is not None:
                study.loop = study.loop or LoopNotes()
                study.loop.modes.append(self.pending is None or self.pending.training)
                study.sources["fit"] = user_line()
                self.session.ready_by_hand(study, optimizer, found)
                self._keep(study, self.pending, self.labels)
                self.stepping = study
                CLAIMED.add(optimizer)
                return

    def after_native_step(self) -> None:
        """It has stepped."""
        study, self.stepping = self.stepping, None
        if study is not None:
            self._stepped(study, 1)

    def loss(self, original: Any, loss: Any, args: Any, kwargs: Any) -> Turn | None:
        """A Keras loss object is called: labels, if it takes the pending output."""
        if self.session.depth or self.pending is None:
            return None
        given = [*args, *(kwargs[k] for k in ("y_true", "y_pred") if k in kwargs)]
        if len(given) < 2 or given[1] is not self.pending.output:
            return None
        study = self.session.study(self.pending.model)
        if study is None:
            return None
        self._look_no_more()
        study.loop = study.loop or LoopNotes()
        study.loop.loss = loss
        self.labels = given[0]
        turn = Turn(args, kwargs)

        def finish(result: Any) -> None:
            if _is_value(result):
                study.losses.add(study.n_updates, 1, result)

        turn.finish = finish
        return turn

    def apply(self, original: Any, optimizer: Any, args: Any, kwargs: Any) -> Turn | None:
        """An optimizer step outside of Keras' training methods."""
        self._look_no_more()
        if self.session.depth or self.session.fitting or not args:
            return None
        args, variables = variables_of(optimizer, args, kwargs)
        study = self._study_of(variables)
        if study is None:
            return Turn(args, kwargs)
        study.loop = study.loop or LoopNotes()
        study.loop.modes.append(self.pending is None or self.pending.training)
        if study.n_updates == 0:
            study.loop.gradients = gradients_in(args, variables)
        study.sources["fit"] = user_line()
        self.session.ready_by_hand(study, optimizer, variables)
        traced = self._tracing()
        turn = Turn(args, kwargs)
        if traced is not None:
            traced.study = study
            traced.updates += 1
            return turn
        self._keep(study, self.pending, self.labels)
        turn.finish = lambda result: self._stepped(study, 1)
        return turn

    def _study_of(self, variables: list[Any]) -> Study | None:
        """The study of the model that owns these variables, among those called by hand."""
        wanted = {id(v) for v in variables}
        for reference in reversed(list(self.models.values())):
            model = reference()
            if model is not None and any(id(v) in wanted for v in model.weights):
                return self.session.study(model)
        return None

    def _stepped(self, study: Study, n: int) -> None:
        first = study.n_updates == 0
        study.n_updates += n
        if first:
            study.loop.unapplied = None
            study.after_step()

    def _keep(self, study: Study, pending: Pending | None, labels: Any) -> None:
        """One batch of an eager loop; several, where a step takes the gradients of all of them."""
        batches = self.gathered.taken(study)
        if pending is None or pending.model is not study.model or (len(batches) < 2 and any_symbolic(pending.x)):
            return
        study.gathered = max(study.gathered, len(batches) if len(batches) > 1 else 0)
        X, y = together(batches) if len(batches) > 1 else one_batch(study, pending.x, labels)
        if X is not None and X.ndim > 0:
            study.training.add_batch(X, y, None)

    # --- tf.function ----------------------------------------------------------------------------

    def function(self, original: Any, function: Any, args: Any, kwargs: Any) -> Turn | None:
        """A ``tf.function`` of the user's is called from eager code."""
        if self.session.depth or self.inside or self.session.fitting:
            return None
        import tensorflow as tf

        if tf.inside_function():
            return None
        turn = Turn(args, kwargs)
        self.inside.append(function)
        turn.stack.callback(self.inside.clear)

        def finish(result: Any) -> None:
            traced = self.traced.get(function)
            if traced is None or traced.study is None:
                return
            flat = [one for one in tf.nest.flatten((args, kwargs)) if hasattr(one, "shape")]
            self._called(traced, traced.study, flat)
            if hasattr(result, "numpy") and len(result.shape) == 0:
                traced.study.losses.add(traced.study.n_updates, 1, result)
                notes = traced.study.loop
                if notes is not None and notes.value is None:
                    notes.value = result

        turn.finish = finish
        return turn

    def _called(self, traced: Traced, study: Study, flat: list[Any]) -> None:
        given = given_at(traced.rows, flat)
        if not traced.updates:
            if given is not None:
                labels = given_at(traced.labels, flat)
                self.gathered.add(study.model, given, labels)
                self._computed(study, given, labels)
                if study.loop.unapplied is not None:
                    study.loop.unapplied.note_weights(study.model)
            return
        if given is not None:
            X = study.rows_of(given)
            y = to_array(given_at(traced.labels, flat))
            if X is not None and X.ndim > 0:
                study.training.add_batch(X, y, None)
        self._stepped(study, traced.updates)

    def _tracing(self) -> Traced | None:
        """The notes on the function being traced now, with the places of rows and labels."""
        if not self.inside:
            return None
        import tensorflow as tf

        if not tf.inside_function():
            return None
        traced = self.traced.setdefault(self.inside[0], Traced())
        if traced.updates and traced.rows is not None:
            traced.updates = 0  # traced again, for other shapes
        if self.pending is not None:
            traced.rows = places(self.pending.x)
            traced.labels = place(self.labels)
        return traced


def _recording(model: Any) -> bool:
    """Whether gradients of what follows may be wanted: a tape is open, or PyTorch records."""
    flavor = flavor_of(model)
    backend = "tensorflow" if flavor is None else flavor.backend
    if backend == "torch":
        return bool(sys.modules["torch"].is_grad_enabled())
    if backend != "tensorflow":
        return False
    from tensorflow.python.eager import record

    return bool(record.could_possibly_record())


def _met(look: Look, target: Any) -> Met:
    """What was seen of the loss, with labels, outputs and value of this batch where they are no symbols."""
    y, p = (None if is_symbolic(one) else to_array(one) for one in (look.labels, look.output))
    return look.met(float(target) if _is_value(target) else None, y, p)


def _is_value(x: Any) -> bool:
    """A number, not a symbol."""
    return not is_symbolic(x) and len(getattr(x, "shape", (1,))) == 0
