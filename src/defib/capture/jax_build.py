"""From a watched JAX training to a Subject."""

from __future__ import annotations

from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import Arrays, Captured, OptimizerRecord, as_numpy, structure_of
from defib.adapters.jax.losses import link_of, loss_facts
from defib.adapters.jax.memory import masked
from defib.adapters.jax.optimizer import facts_of, rates_over
from defib.adapters.jax.quiet import quiet
from defib.adapters.jax.subject import JaxSubject
from defib.capture.jax_beside import PAIRED, UNKNOWN
from defib.capture.jax_calls import Applied, applied_of
from defib.capture.jax_gradients import gradient_words
from defib.capture.jax_served import evaluations
from defib.capture.jax_session import Session
from defib.capture.jax_study import Study, same_weights
from defib.capture.places import places_of
from defib.capture.planned import planned_epochs
from defib.recipe import LossFacts, OptimizerFacts, TrainingRecipe
from defib.subject import AnyArray, FloatArray, Rows, TrainingTrace


def build_subjects(session: Session, errors: list[str]) -> Iterator[JaxSubject]:
    """All trainings as Subjects, in order of their first step; what cannot be built is noted."""
    for text in dict.fromkeys(session.unread):
        errors.append(f"a JAX training was seen and could not be read: {text}")
    for study in session.studies:
        try:
            yield _subject(session, study)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")


def _subject(session: Session, study: Study) -> JaxSubject:
    notes = list(study.notes)
    study.kept_nothing = study.stood_still()
    with quiet():
        applied = applied_of(study)
        study.gradients = gradient_words(study.step)
    notes += [*applied.notes, *([] if study.step.beside is None else [study.step.beside])]
    sample = study.rows.finish()
    if sample is None:
        raise ValueError("no rows were kept of a JAX training")
    X, y = sample
    record, facts = _optimizer(study, applied, notes)
    study.kept_nothing |= record is not None and _applied_nothing(study, record, applied.weights)
    loss = _loss(study, applied, X, y)
    captured = Captured(
        apply=applied.apply,
        weights=applied.weights,
        state=applied.state,
        initial={name: jnp.asarray(value) for name, value in study.initial.items()},
        initial_state=applied.initial_state,
        redraw=applied.redraw,
        tail=study.step.tail if loss is not None else None,
        label_dtype=None if y is None else jnp.asarray(y[:1]).dtype,
        link=link_of(loss),
        optimizer=record,
        frozen=frozenset()
        if record is None
        else masked(record.tx, (record.structured, record.flat, record.held), applied.weights),
        gradients=study.gradients,
        statistics=applied.statistics,
    )
    full = study.rows.period_rows or study.rows.n_rows
    training = Rows(X, y, None if full == len(X) else full, "training loop", places_of(X, study.held))
    recipe = _recipe(study, loss, facts)
    subject = JaxSubject(
        captured,
        recipe,
        _trace(study, captured, tuple(notes)),
        name=applied.name,
        training=training,
        prediction=training,
        full_batch=study.rows.period_batches == 1,
    )
    if applied.fixed_size:
        subject.only_in_batches_of = study.step.batch
    subject.compares_rows = study.step.beside == PAIRED
    found = evaluations(session, study, subject, applied)
    subject.prediction = found.prediction or training
    subject.prediction_outputs = found.outputs
    subject.prediction_squashed = found.squashed
    subject.held_out, subject.weights_origin = found.held_out, found.origin
    if found.line:
        recipe.sources["predict"] = found.line
    return subject


def _loss(study: Study, applied: Applied, X: AnyArray, y: AnyArray | None) -> LossFacts | None:
    """What kind of loss it is, from its own numbers on the first batch; ``None`` where it cannot be asked."""
    if study.step.beside in (PAIRED, UNKNOWN):
        return None
    n = min(study.step.batch, len(X))
    cut = study.step.first.cut
    labels = X[:n] if y is None else y[:n]
    if not study.step.any_size and n != study.step.batch:
        return None
    with quiet():
        outputs = applied.apply(applied.weights, applied.state, jnp.asarray(X[:n]), False)[0]
        return loss_facts(study.step.tail, as_numpy(outputs), labels, applied.weights, jnp.asarray(X[:n]), cut.elements)


def _optimizer(
    study: Study, applied: Applied, notes: list[str]
) -> tuple[OptimizerRecord | None, OptimizerFacts | None]:
    found = study.optimizer
    if found is None:
        rate = _hand_rate(study)
        if rate is None:
            return None, None
        import optax

        found = optax.sgd(rate)
        notes.append("the weights were updated by hand; trials use plain SGD with the same learning rate")
    tx = getattr(found, "tx", found)
    if applied.pure is not None:
        structured, flat, held = applied.pure.structured(getattr(found, "wrt", applied.wrt))
        return OptimizerRecord(tx, structured, flat, held), facts_of(tx)
    template = study.step.probe.structure
    structured, flat = structure_of(template)
    return OptimizerRecord(tx, structured, flat, frozenset(applied.weights)), facts_of(tx)


def _applied_nothing(study: Study, record: OptimizerRecord, end: Arrays) -> bool:
    """No weight is other than it began, and yet the recorded optimizer moves some by the first step's gradients."""
    if study.n_steps <= 2 or not same_weights(end, study.initial):
        return False
    with quiet():
        gradients = study.step.first_gradients()
        if any(name not in gradients for name in record.held):
            return False
        own = {name: jnp.asarray(study.initial[name]) for name in record.held}
        weights, state = record.structured(own), None
        for _ in range(3):  # a warm-up begins at 0
            state = record.tx.init(weights) if state is None else state
            moves, state = record.tx.update(record.structured(gradients), state, weights)
            if any(bool(jnp.any(move != 0)) for move in record.flat(moves).values()):
                return True
    return False


def _hand_rate(study: Study) -> float | None:
    """Learning rate of ``w - rate * gradient``, where the first step of all weights agrees on one; else ``None``."""
    if study.second is None:
        return None
    gradients = study.step.first_gradients()
    top = bottom = 0.0
    pairs = []
    for name, gradient in gradients.items():
        move = study.initial[name].astype(np.float64) - study.second[name]
        pairs.append((move, gradient.astype(np.float64)))
        top += float((move * gradient).sum())
        bottom += float((gradient.astype(np.float64) ** 2).sum())
    rate = top / bottom if bottom > 0 else 0.0
    error = sum(float(((move - rate * gradient) ** 2).sum()) for move, gradient in pairs)
    return rate if rate > 0 and error <= 1e-4 * rate**2 * bottom else None


def _recipe(study: Study, loss: LossFacts | None, optimizer: OptimizerFacts | None) -> TrainingRecipe:
    return TrainingRecipe(
        loss=loss,
        optimizer=optimizer,
        batch_size=study.step.batch,
        n_updates=study.n_steps,
        n_epochs=_epochs(study),
        shuffled=study.rows.shuffled,
        sources=dict(study.sources),
    )


def _epochs(study: Study) -> int | None:
    batches = study.rows.period_batches
    if batches:
        return max(1, round(study.n_steps / batches))
    return 1 if study.rows.never_repeated else None


def _trace(study: Study, captured: Captured, notes: tuple[str, ...]) -> TrainingTrace:
    losses = study.losses.read()
    epochs = _epochs(study)
    per_epoch = np.empty(0)
    if epochs and epochs <= len(losses):
        per_epoch = np.array([part.mean() for part in np.array_split(losses, epochs)])
    tx = None if captured.optimizer is None else captured.optimizer.tx
    return TrainingTrace(
        loss_per_update=losses,
        loss_per_epoch=per_epoch,
        n_updates=study.n_steps,
        n_epochs=epochs,
        planned_epochs=planned_epochs(study.loops, epochs, study.n_steps),
        seconds=study.ended - study.started,
        label_order=study.rows.label_order(),
        kept_nothing=study.kept_nothing,
        restarts=study.restarts if study.kept_nothing else 0,
        updates_to=_first_update(study, captured.weights),
        rates=() if tx is None else rates_over(tx, study.n_steps),
        notes=notes,
    )


def _first_update(study: Study, end: Arrays) -> tuple[tuple[str, float], ...]:
    after = (
        study.second
        if study.second is not None
        else ({n: as_numpy(v) for n, v in end.items()} if study.n_steps == 1 else {})
    )
    return tuple((name, _moved(study.initial[name], value)) for name, value in after.items() if name in study.initial)


def _moved(before: AnyArray, after: FloatArray) -> float:
    size = float(np.linalg.norm(before.astype(np.float64)))
    change = float(np.linalg.norm(after.astype(np.float64) - before))
    return change / size if size > 0 else (float("inf") if change > 0 else 0.0)
