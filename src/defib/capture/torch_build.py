"""From a study to a Subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from defib.adapters.torch.captured import Captured, OptimizerRecord
from defib.adapters.torch.clone import unwrapped
from defib.adapters.torch.door import Door
from defib.adapters.torch.facts import facts_of, parameter_groups
from defib.adapters.torch.loose import Loose
from defib.adapters.torch.reading import OTHER_LABELS
from defib.adapters.torch.subject import TorchSubject
from defib.capture.beside import beside_rows
from defib.capture.places import places_of
from defib.capture.planned import planned_epochs
from defib.capture.torch_answers import evaluations, held_out_of, own_groups, served_by
from defib.capture.torch_fits import DROPPED, MAX_STUDIES, Fit
from defib.capture.torch_heads import turn_to_flat_head
from defib.capture.torch_held import as_arrays
from defib.capture.torch_idle import idle_optimizer
from defib.capture.torch_loads import loads_into, origin_of
from defib.capture.torch_makers import (
    JOINED,
    PAIRED,
    TURNS,
    by_outputs,
    makers,
    paired_entry,
    unseen,
)
from defib.capture.torch_own_functions import own_step
from defib.capture.torch_paired import paired_of
from defib.capture.torch_session import Session
from defib.capture.torch_study import OptimizerWatch, Study
from defib.capture.torch_trace import gradient_word
from defib.capture.torch_whole import taken_together
from defib.paired import PairedSubject
from defib.recipe import OptimizerFacts, TrainingRecipe
from defib.subject import Rows, TrainingTrace

MAX_LOSSES = 2_000


def build_subjects(session: Session, errors: list[str]) -> tuple[TorchSubject, ...]:
    """All studies as Subjects, in order of their first step; one that cannot be built is noted."""
    found = []
    judges = session.turns.judges()
    for key, study in session.studies.items():
        if judges & set(key) or _goes_on_without(session, key, study):
            continue
        session.loose.complete(study)
        try:
            found.append(_paired(session, study) or _subject(session, key, study))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    for entry in makers(session, judges):
        maker = by_outputs(session, entry, TURNS)
        if maker is not None:
            found.append(maker)
    if session.dropped:
        errors.append(DROPPED.format(n=session.dropped, kept=MAX_STUDIES))
    if not found:
        errors.extend(unseen(session, judges=bool(judges)))
    return tuple(found)


def _paired(session: Session, study: Study) -> TorchSubject | None:
    """A network that its loss asks about several rows at once, by its answers for single ones."""
    entry = paired_entry(session, study)
    if entry is None:
        return None
    watch = study.optimizer
    recipe = _recipe(study, watch, None)
    trace = _trace(study, watch, ())
    paired = _joined_steps(study, watch)
    subject = by_outputs(session, entry, PAIRED if paired is None else JOINED, recipe, trace)
    if subject is not None:
        subject.compares_rows = study.first.compares
        subject.paired = paired
    return subject


def _joined_steps(study: Study, watch: OptimizerWatch | None) -> PairedSubject | None:
    """The training by what its loss joins, where that can be repeated."""
    if study.first.pairs is None:
        return None
    captured = _captured(study, watch, has_rows=True)
    return paired_of(study, captured, _recipe(study, watch, captured.optimizer), _trace(study, watch, ()))


def _goes_on_without(session: Session, key: tuple[int, ...], study: Study) -> bool:
    """What one of its modules gave once (features) was all that the others were trained on, from the second pass on."""
    rest = (one for other, one in session.studies.items() if set(other) < set(key))
    return study.n_backward <= 1 and any(one.n_backward > study.n_backward for one in rest)


def _subject(session: Session, key: tuple[int, ...], study: Study) -> TorchSubject:
    watch = study.optimizer or _by_hand(study) or _idle(session, study)
    if study.took_over:
        study.notes.append(
            f"another optimizer went on after update {study.took_over:,}: trials use the first one, at both ones' rates"
        )
    own = own_groups(session, key, study)
    turn_to_flat_head(study, own)
    notes = [] if study.fit is None else list(study.fit.notes())
    notes += [one for one in study.notes if one != OTHER_LABELS or not study.extras.known]
    notes += study.own_functions.notes()
    if study.unrepeatable:
        notes.append(study.unrepeatable)
    elif study.outside is not None:
        notes.append(_outside(*study.outside))
    sample = study.rows.finish()
    captured = _captured(study, watch, sample is not None)
    training = None
    if sample is not None:
        X, y = sample if not study.unrepeatable and study.first.joined is None else (sample[0], None)
        full = study.rows.period_rows or study.rows.n_rows
        places = places_of(X, as_arrays(study.held))
        study.held.clear()
        if full > len(X):
            notes.append(f"of {full:,} training rows, {len(X):,} are looked at{_why_fewer(study)}")
        training = Rows(X, y, None if full == len(X) else full, "training loop", places, full == len(X))
    served, groups = served_by(session, own, study, notes)
    held_out = held_out_of(own, study, training) or held_out_of(groups, study, training)
    prediction, outputs, squashed, calls = evaluations(groups, study, captured, training, notes)
    subject = TorchSubject(
        captured,
        _recipe(study, watch, captured.optimizer),
        _trace(study, watch, tuple(notes)),
        name=f"{_name(study)}, {study.head}" if study.head else _name(study),
        training=training,
        prediction=prediction or training,
        prediction_outputs=outputs,
        held_out=held_out,
    )
    subject.prediction_squashed = squashed
    subject.compares_rows = study.first.compares
    subject.paired = _joined_steps(study, watch)
    subject.serving_calls = calls
    loads = loads_into(session.loads, served, study.trained_at)
    if training is not None:
        subject.alongside = partial(beside_rows, training.X, study.copies, training.y)
    put_in = groups[-1].put_in if groups and groups[-1].steps >= study.n_steps else None
    subject.weights_origin = origin_of(served, study.module, captured.initial, loads, put_in)
    return taken_together(subject, study)


def _outside(step: int, formula: float, loss: float) -> str:
    return (
        f"the loss is not made of predictions and labels alone: at step {step:,} it was {loss:.4g}, and the first "
        f"step's formula gives {formula:.4g} there; something else changes it (a running mean, a schedule, drawn "
        "numbers), so that it could not be repeated"
    )


def _why_fewer(study: Study) -> str:
    shapes = {X.shape[1:] for _, X, _ in study.rows.batches}
    return ", those of the first batch's shape" if len(shapes) > 1 else ", spread evenly over them"


def _name(study: Study) -> str:
    owner = None if study.fit is None else study.fit.owner
    if owner is not None and all(entry.module in set(owner.modules()) for entry in study.entries):
        return type(unwrapped(owner)).__name__
    if isinstance(study.module, Loose):
        return study.module.title
    names = [type(unwrapped(entry.module)).__name__ for entry in study.entries]
    return " + ".join(names) if len(names) < 4 else f"{names[0]} + {len(names) - 1} more modules"


def _by_hand(study: Study) -> OptimizerWatch | None:
    """Updates written by hand (``p -= lr * p.grad``) are plain gradient descent."""
    if study.n_steps or study.hand_rate is None:
        return None
    parameters = [one for _, one in study.named() if one.requires_grad]
    watch = OptimizerWatch(torch.optim.SGD(parameters, lr=study.hand_rate), "")
    watch.note_groups()
    study.n_steps = study.n_backward
    study.notes.append("the weights were updated by hand; trials use plain SGD with the same learning rate")
    return watch


def _idle(session: Session, study: Study) -> OptimizerWatch | None:
    """An optimizer that was built over the model's parameters and never stepped."""
    if not study.n_steps:
        study.rates = study.idle_rates
    return study.idle or idle_optimizer(session.lines, study)


def _captured(study: Study, watch: OptimizerWatch | None, has_rows: bool) -> Captured:
    reading = study.first.reading
    return Captured(
        module=study.module,
        door=_door(study) if has_rows else None,
        initial=_joined(study, [entry.initial for entry in study.entries]),
        loaded=any(entry.loaded for entry in study.entries),
        program=reading.program if reading is not None and _repeatable(study) else None,
        extras=study.extras.of if study.extras.known else None,
        selected=reading.selected if reading is not None else 0,
        folded=reading.folded if reading is not None else (),
        link=reading.link if reading is not None else "identity",
        optimizer=_record(study, watch),
        modes=_modes(study),
        gradients=_gradients(study),
        without_grad=study.without_grad,
        backward=study.backward,
        label_dtype=study.label_dtype,
        epoch_rows=study.rows.period_rows,
        batches_per_epoch=study.rows.period_batches,
        drawn=study.rows.sampled,
    )


def _repeatable(study: Study) -> bool:
    """Whether the loss can be computed again from rows and labels."""
    reading = study.first.reading
    return (
        study.outside is None
        and not study.unrepeatable
        and reading is not None
        and (reading.replayable or study.extras.known)
    )


def _door(study: Study) -> Door:
    """As it was first seen; for rows of the longest length where lengths differ."""
    door = study.first.door
    return door if study.lengths is None or len(door.parts) < 2 else study.lengths.door(door)


def _joined(study: Study, states: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    if any(state is None for state in states):
        return None
    if study.first.composite is None:
        return dict(states[0] or {})
    return {
        f"{part}.{name}": value
        for part, state in zip(study.first.part_names, states, strict=True)
        for name, value in (state or {}).items()
    }


def _modes(study: Study) -> dict[str, bool]:
    if study.first.composite is None:
        return dict(study.entries[0].modes or {})
    return {
        f"{part}.{path}" if path else part: mode
        for part, entry in zip(study.first.part_names, study.entries, strict=True)
        for path, mode in (entry.modes or {}).items()
    }


def _gradients(study: Study) -> dict[str, str]:
    """As seen in the first steps; without any step, as the first backward pass left them.

    What was there after ``backward`` and gone when the optimizer stepped was cleared in between.
    """
    if not study.gradients:
        words = study.after_backward if study.n_backward else {}
        return words or ({name: gradient_word(one.grad) for name, one in study.named()} if study.n_backward else {})
    there = {name for name, word in study.after_backward.items() if word in ("nonzero", "nan")}
    gone = ("none", "zero")
    return {n: "cleared" if word in gone and n in there else word for n, word in study.gradients.items()}


def _record(study: Study, watch: OptimizerWatch | None) -> OptimizerRecord | None:
    if watch is None:
        return None
    names = {id(one): name for name, one in study.named()}

    def groups_of(one: OptimizerWatch) -> tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...]:
        return tuple((tuple(names[key] for key in ids if key in names), settings) for ids, settings in one.groups)

    others = tuple(
        OptimizerRecord(type(one.optimizer), groups_of(one), dict(one.optimizer.defaults), rates.shares(study.n_steps))
        for one, rates in study.others.values()
    )
    accumulation = round(study.n_backward / study.n_steps) if study.n_steps else 1
    return OptimizerRecord(
        type(watch.optimizer),
        groups_of(watch),
        dict(watch.optimizer.defaults),
        study.rates.shares(study.n_steps or study.n_backward),
        study.clip_norm,
        study.clip_value,
        max(accumulation, 1),
        study.clears is not False,
        study.n_steps > 0,
        0 if study.n_steps else study.n_backward,
        others,
    )


def _optimizer_facts(
    study: Study, watch: OptimizerWatch | None, record: OptimizerRecord | None
) -> OptimizerFacts | None:
    if watch is None or not watch.groups:
        return None
    extra = {"clip_grad_norm": study.clip_norm, "clip_grad_value": study.clip_value}
    settings = dict(watch.groups[0][1])
    peak = study.rates.peak()
    if peak is not None and peak > settings.get("lr", peak):
        settings["lr"] = peak  # a warm-up starts at 0; the rate it warms up to is what the weights had to bear
    facts = facts_of(type(watch.optimizer), settings, {key: one for key, one in extra.items() if one is not None})
    return facts if record is None else replace(facts, groups=parameter_groups(record))


def _recipe(study: Study, watch: OptimizerWatch | None, record: OptimizerRecord | None) -> TrainingRecipe:
    reading = study.first.reading
    sources = dict(study.sources)
    if watch is not None:
        sources.update({key: line for key, line in (("optimizer", watch.line), ("step", watch.step_line)) if line})
    if study.fit is not None and study.fit.line:
        sources.update(loss=sources.get("fit", study.fit.line), fit=study.fit.line)
    return TrainingRecipe(
        loss=reading.facts if reading is not None and not study.unrepeatable else None,
        optimizer=_optimizer_facts(study, watch, record),
        batch_size=max(study.first.door.n_rows, 1),
        n_updates=study.n_steps,
        n_epochs=_epochs(study),
        shuffled=study.rows.shuffled,
        weighted_by="" if reading is None else reading.class_weights[0],
        class_weights=() if reading is None else reading.class_weights[1],
        sources=sources,
    )


def _epochs(study: Study) -> int | None:
    """As the library counted them, else from the length of an epoch; rows that never came twice are one."""
    if study.fit is not None and study.fit.epochs:
        return study.fit.epochs
    batches = study.rows.period_batches
    if batches:
        return round(study.n_backward / batches)
    return 1 if study.rows.never_repeated else None


def _trace(study: Study, watch: OptimizerWatch | None, notes: tuple[str, ...]) -> TrainingTrace:
    losses = study.losses.read() / study.first.scale
    epochs = _epochs(study)
    per_epoch = np.empty(0)
    if epochs and epochs <= len(losses):
        per_epoch = np.array([part.mean() for part in np.array_split(losses, epochs)])
    fit = study.fit or Fit("", None)
    kept = np.linspace(0, max(len(losses) - 1, 0), min(len(losses), MAX_LOSSES)).astype(int)
    return TrainingTrace(
        loss_per_update=losses[kept],
        loss_per_epoch=per_epoch,
        validation_loss_per_epoch=fit.validation_loss(),
        n_updates=study.n_steps,
        n_epochs=epochs,
        planned_epochs=fit.planned if study.fit is not None else planned_epochs(study.loops, epochs, study.n_backward),
        restored_epoch=fit.restored_epoch,
        restored_by=fit.restored_by,
        seconds=study.ended - study.started,
        label_order=None if study.unrepeatable or study.first.joined is not None else study.rows.label_order(),
        skipped_steps=study.skipped,
        updates_to=study.updates,
        evaluation_mode_share=study.n_in_evaluation / study.n_backward if study.n_backward else None,
        rates=tuple((at, max(rates)) for at, rates in study.rates.shares(study.n_steps or study.n_backward)),
        batches_of_one_row=study.rows.of_one_row,
        silent_functions=study.own_functions.silent(),
        own_step="" if watch is None else own_step(watch.optimizer),
        notes=notes,
    )
