"""From what was noted about a model to its Subject, after the user's program has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from defib.adapters.keras.flavor import to_numpy
from defib.adapters.keras.memory import why_untrainable, with_loss
from defib.adapters.keras.optimizers import facts_of, first_rate, is_schedule
from defib.adapters.keras.own_step import can_step_inside, overrides
from defib.adapters.keras.penalties import constraints
from defib.adapters.keras.program import OptimizerPlan
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.subject import Captured, KerasSubject
from defib.adapters.keras.weighing import row_key
from defib.adapters.keras.weights import weights_of
from defib.capture.beside import beside_rows
from defib.capture.keras_by_hand import with_steps_by_hand
from defib.capture.keras_handmade import HandMade, read_handmade, why_unread, with_handmade
from defib.capture.keras_rows import hashes
from defib.capture.keras_study import Served, Study
from defib.capture.keras_views import views
from defib.named_columns import with_names
from defib.recipe import TrainingRecipe
from defib.subject import AnyArray, FloatArray, GradientSeen, Rows, ServingCalls, TrainingTrace

LABEL_ORDER = 20_000
MAX_CLASSES = 50
"""More distinct labels than this are values."""
HALF = 0.5
"""Share of a loop's steps in evaluation mode from which on its replays run so, too."""


def build(study: Study) -> list[KerasSubject]:
    """The Subjects of one study: one, or one per output. Raises `CannotPack` for inputs that cannot be packed."""
    return [_subject(view) for view in views(study)]


def _subject(study: Study) -> KerasSubject:
    names = study.columns or (study.packing.names if study.packing is not None else ())
    training = with_names(study.training.rows(), names)
    handmade = read_handmade(study, training)
    batch = study.batch_size or study.training.batch_size
    plan = _plan(study)
    epochs = _epochs(study, training, batch)
    captured = Captured(
        flavor=study.flavor,
        model=study.model,
        initial=_initial(study),
        optimizer=plan,
        loss=_loss(study) if handmade is None else handmade.loss,
        trained=_trained(study),
        gradients_seen=_gradients_seen(study),
        class_weight=study.class_weight,
        sample_weights=_sample_weights(study, training),
        epochs=epochs,
        never_stepped=study.loop is not None and study.loop.computed > 0,
        own_step=study.loop is None and not _step_lost(study) and _own_step(study),
        untried=study.untried or study.training.never_again or None,
        together=study.together,
        in_training_mode=(_evaluation_mode_share(study) or 0.0) < HALF,
        packing=study.packing,
        view=study.owner is not None,
        first_loss=None if study.loop is None else study.loop.value,
        unknown=_unknown(study, training, handmade),
    )
    shuffled = study.shuffled if study.shuffled is not None else study.training.reordered
    if study.training.in_blocks or _came_in_blocks(study, training):
        shuffled = False  # each call, or each buffer, shuffled its own rows only
    recipe = TrainingRecipe(
        loss=None if handmade is None else handmade.facts,
        optimizer=None if plan is None else facts_of(plan.cls, plan.config),
        batch_size=batch,
        n_updates=steps(study),
        n_epochs=study.n_epochs or (round(epochs) if epochs else None),
        shuffled=shuffled,
        sources=dict(study.sources),
        in_parts=bool(study.training.never_again),
        uncounted=_uncounted(study, captured),
        constraints=_constraints(study, captured),
        outputs=study.outputs,
        output=study.output,
        **weights_by_class(captured, training),
    )
    prediction, outputs, calls = _prediction(study)
    subject = KerasSubject(
        captured,
        recipe,
        _trace(study, captured.initial, training, shuffled),
        name=f"{study.owner.name}, output {study.output}" if study.output else str(study.model.name),
        training=training,
        prediction=prediction,
        prediction_outputs=outputs,
        held_out=_held_out(study),
    )
    if training is not None:
        subject.alongside = partial(beside_rows, training.X, study.copies or (), training.y)
    subject.weights_origin, subject.serving_calls = study.origin, calls
    subject = with_loss(subject) if handmade is None else with_handmade(subject, handmade)
    by_hand = study.by_hand is not None or (study.loop is not None and study.n_updates and plan is None)
    return with_steps_by_hand(subject, study) if by_hand else subject


def _initial(study: Study) -> list[AnyArray] | None:
    """Captured weights, if they still match the model's (a model may be rebuilt between two fits)."""
    if study.initial is None:
        return None
    shapes = [tuple(v.shape) for v in study.model.weights]
    return study.initial if [value.shape for value in study.initial] == shapes else None


def _plan(study: Study) -> OptimizerPlan | None:
    if study.optimizer_class is None:
        return None
    rates = study.rates
    changed = len(rates) > 1 and not np.allclose(rates, rates[0], rtol=1e-6)
    return OptimizerPlan(study.optimizer_class, study.optimizer_config, tuple(rates) if changed else ())


def _trained(study: Study) -> frozenset[int] | None:
    """Weights the steps change: those trainable then, and with a step of the model's own those its optimizer holds."""
    if not study.held or not overrides(study.flavor, study.model, "train_step"):
        return study.trained
    place = {id(v): i for i, v in enumerate(study.model.weights)}
    return frozenset(place[one] for one in study.held if one in place) or study.trained


def _loss(study: Study) -> Any:
    if study.loop is not None and study.loop.loss is not None:
        return study.loop.loss
    return getattr(study.model, "loss", None) if study.owner is None else study.compiled_loss


def _own_step(study: Study) -> bool:
    return overrides(study.flavor, study.model if study.owner is None else study.owner, "train_step")


def _step_lost(study: Study) -> bool:
    """What is looked at is a part of the user's model, and no model of its class: its step fits no longer."""
    if study.owner is None or type(study.model) is type(study.owner):
        return False
    return study.answers is not None or study.replies is not None or not can_step_inside(study.flavor, study.packing)


def _unknown(study: Study, training: Rows | None, handmade: HandMade | None) -> str | None:
    if study.several is not None:
        return study.several
    if study.loop is not None:
        return why_unread(study, handmade)
    if _own_step(study) and _step_lost(study):
        return "the model has a train_step of its own, and several inputs, several outputs or texts"
    reason = why_untrainable(study.flavor, study.model if study.owner is None else study.owner)
    if reason is None and training is None:
        reason = "the training rows could not be seen"
    return reason


def _epochs(study: Study, training: Rows | None, batch: int | None) -> float | None:
    """Passes over the rows: updates over batches per pass (``fit`` counts epochs otherwise for endless datasets).

    Where the weights of an earlier epoch were put back, the passes up to that one: what came after left no trace.
    """
    updates = study.n_updates or (0 if study.loop is None else study.loop.computed)
    if training is None or not batch or not updates:
        return float(study.n_epochs) if study.n_epochs else None
    if study.restored is not None:
        return float(study.restored)
    n_rows = training.n_seen or len(training)
    return updates / -(-n_rows // batch)


def _sample_weights(study: Study, training: Rows | None) -> dict[bytes, float]:
    weights = study.training.weights()
    if weights is None or training is None:
        return {}
    labels: Any = training.y if training.y is not None else [None] * len(training)
    return {
        row_key(x, y): float(np.ravel(w)[0]) for x, y, w in zip(training.X, labels, weights, strict=True) if np.size(w)
    }


def _uncounted(study: Study, captured: Captured) -> str:
    """Why nothing of the loss counts; empty where something does."""
    if study.loss_weight == 0:
        if study.compiled_loss is None:
            return "compile was given no loss for this output"
        return "the loss of this output has the weight 0 in loss_weights"
    given = captured.sample_weights.values()
    return "every row has a sample_weight of 0" if given and not any(given) else ""


def _constraints(study: Study, captured: Captured) -> tuple[tuple[str, str, float], ...]:
    if captured.initial is None:
        return ()
    with quiet():
        return constraints(weights_of(study.model), captured.initial)


def weights_by_class(captured: Captured, training: Rows | None) -> dict[str, Any]:
    """Mean weight of the rows of each class, and where it comes from; empty where rows were not weighted by class."""
    if captured.class_weight:
        return {"class_weights": tuple(sorted(captured.class_weight.items())), "weighted_by": "class_weight"}
    if training is None or training.y is None or not captured.sample_weights:
        return {}
    labels = np.asarray(training.y)
    ids = labels.argmax(axis=-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(len(labels), -1)[:, 0]
    keys = [row_key(x, y) for x, y in zip(training.X, training.y, strict=True)]
    each = np.array([captured.sample_weights.get(key, np.nan) for key in keys])
    known = np.unique(ids)
    if len(known) > MAX_CLASSES:
        return {}
    means = tuple((float(one), float(np.nanmean(each[ids == one]))) for one in known)
    return {"class_weights": means, "weighted_by": "sample_weight"}


def steps(study: Study) -> int:
    """Steps that were made: batches under ``fit``, and none where the optimizer counted none and no weight moved."""
    counted = getattr(getattr(study.model, "optimizer", None), "iterations", None)
    if study.loop is not None or counted is None or study.initial is None or int(to_numpy(counted)) > 0:
        return study.n_updates
    now = [to_numpy(one) for one in study.model.trainable_variables]
    before = {id(v): value for v, value in zip(study.model.weights, study.initial, strict=False)}
    known = [before.get(id(v)) for v in study.model.trainable_variables]
    stood = bool(known) and all(a is not None and np.array_equal(a, b) for a, b in zip(known, now, strict=True))
    return 0 if stood else study.n_updates


def _gradients_seen(study: Study) -> dict[int, GradientSeen]:
    """What a hand-written loop handed the optimizer first, by index into ``model.weights``."""
    seen = {} if study.loop is None else study.loop.gradients
    return {i: seen[id(v)] for i, v in enumerate(study.model.weights) if id(v) in seen}


def _trace(study: Study, initial: list[AnyArray] | None, training: Rows | None, shuffled: bool | None) -> TrainingTrace:
    names = {weight.index: weight.name for weight in weights_of(study.model) if weight.by_design}
    notes = list(study.notes)
    if initial is None:
        notes.append("the initial weights were not seen: trials draw them from the layers' own initializers")
    if study.packing is not None:
        notes.append(f"the inputs were laid side by side: {study.packing.describe()}")
    if study.gathered:
        notes.append(
            f"a step takes the gradients of up to {study.gathered} batches: replays take their rows as one batch"
        )
    if training is not None and training.n_seen:
        notes.append(f"{len(training):,} of {training.n_seen:,} training rows were kept")
    per_epoch = np.asarray(study.epoch_losses, dtype=np.float64)
    return TrainingTrace(
        loss_per_update=study.losses.values(),
        loss_per_epoch=per_epoch,
        validation_loss_per_epoch=np.asarray(study.validation_losses, dtype=np.float64),
        n_updates=steps(study),
        evaluation_mode_share=_evaluation_mode_share(study),
        n_epochs=study.n_epochs or None,
        planned_epochs=study.planned_epochs or None,
        seconds=study.seconds,
        label_order=_label_order(study, training, shuffled),
        restored_epoch=study.restored,
        restored_by=study.restored_by,
        updates_to=tuple((names[i], size) for i, size in study.first_update if i in names),
        rates=_rates(study.rates, study.optimizer_config),
        notes=tuple(notes),
    )


def _rates(rates: Sequence[float], config: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """Where the learning rate changed, by the epochs it was read at; empty when it never did.

    A schedule moves it within the epoch: what was read at an epoch's end holds from there on.
    """
    if is_schedule(config.get("learning_rate")):
        every = (first_rate(dict(config)), *rates)
        return (
            tuple((i / len(rates), rate) for i, rate in enumerate(every)) if len(rates) and len(set(every)) > 1 else ()
        )
    changed = [i for i in range(1, len(rates)) if not np.isclose(rates[i], rates[i - 1], rtol=1e-6, atol=0.0)]
    return tuple((i / len(rates), rates[i]) for i in (0, *changed)) if changed else ()


def _evaluation_mode_share(study: Study) -> float | None:
    """Of a hand-written loop; Keras' own ``fit`` trains in training mode."""
    if study.loop is None:
        return 0.0
    return 1.0 - sum(study.loop.modes) / len(study.loop.modes) if study.loop.modes else None


def _came_in_blocks(study: Study, training: Rows | None) -> bool:
    """Whether a dataset that shuffles gave rows whose labels still stood in blocks: its buffer is small."""
    labelled = study.buffered and bool(study.training.batches) and training is not None and training.y is not None
    return labelled and study.training.labels_in_blocks


def _label_order(study: Study, training: Rows | None, shuffled: bool | None) -> AnyArray | None:
    """File order when ``fit`` did not shuffle it, the drawn order for batches that were seen being drawn."""
    if training is None or training.y is None:
        return None
    seen_drawn = bool(study.training.batches)
    return training.y[:LABEL_ORDER] if seen_drawn or shuffled is False else None


def _prediction(study: Study) -> tuple[Rows | None, FloatArray | None, ServingCalls | None]:
    """The last rows served that are not the training rows again; predictions before evaluations."""
    all_served = study.served if study.stranger is None else study.stranger.served
    if not all_served:
        return None, None, None
    after = study.n_updates if study.stranger is None else 0
    fresh = [s for s in all_served if not study.trained_on(s)]
    last = [s for s in fresh if s.after_updates == after] or fresh
    chosen = _last_predicted(last) or _last_predicted(all_served) or (last or all_served)[-1]
    rows, outputs = chosen.rows(), chosen.all_outputs()
    if rows.y is None:
        rows = Rows(rows.X, _labels_of(study, rows.X), rows.n_seen, rows.origin)
    calls = ServingCalls(chosen.training, tuple(map(len, chosen.X)), chosen.place)
    return rows, None if outputs is None else np.asarray(outputs), calls


def _last_predicted(served: list[Served]) -> Served | None:
    return next((s for s in reversed(served) if s.how != "evaluate"), None)


def _labels_of(study: Study, X: AnyArray) -> AnyArray | None:
    """Labels of predicted rows, from ``evaluate`` or the validation data, when these are the same rows."""
    for rows in [s.rows() for s in reversed(study.served) if s.y] + [study.validation.rows()]:
        if rows is None or rows.y is None or rows.X.shape[1:] != X.shape[1:]:
            continue
        place = {key: i for i, key in enumerate(hashes(rows.X).tolist())}
        keys = hashes(X).tolist()
        if all(key in place for key in keys):
            found: AnyArray = rows.y[[place[key] for key in keys]]
            return found
    return None


def _held_out(study: Study) -> Rows | None:
    """Labelled rows that were not trained on: evaluated ones first, else the validation data."""
    for served in reversed(study.served):
        rows = served.rows()
        if rows.y is not None and served.how == "evaluate" and not study.trained_on(served):
            return rows
    rows_or_none = study.validation.rows()
    return rows_or_none if rows_or_none is not None and rows_or_none.y is not None else None
