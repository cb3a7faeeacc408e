"""From what was noted about a scikit-learn network to its Subject, after the user's program has ended."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from defib.adapters.sklearn.captured import Captured, loss_facts, optimizer_facts, plain_labels, row_key
from defib.adapters.sklearn.memory import RESTORED, behind, describe
from defib.adapters.sklearn.subject import SklearnSubject
from defib.capture.beside import beside_rows
from defib.capture.keras_rows import SAME_SHARE, hashes
from defib.capture.sklearn_study import Served, Study
from defib.named_columns import kept_names
from defib.recipe import TrainingRecipe
from defib.subject import AnyArray, FloatArray, Rows, ServingCalls, TrainingTrace

LABEL_ORDER = 20_000


def build(study: Study, elsewhere: tuple[str, ...] = ()) -> SklearnSubject:
    """The Subject of one study; ``elsewhere``: what ran in processes that were not followed."""
    captured = _captured(study)
    training = _training(study, captured)
    captured = replace(captured, sample_weights=_sample_weights(study, training))
    chosen = _chosen(study)
    prediction, outputs = (None, None) if chosen is None else _prediction(study, chosen, captured)
    shuffled = _shuffled(study, captured.solver)
    recipe = TrainingRecipe(
        loss=loss_facts(captured, min(study.usual_batch, len(training))),
        optimizer=optimizer_facts(study.params),
        batch_size=study.usual_batch,
        n_updates=_n_updates(study, captured),
        n_epochs=round(captured.epochs) or None,
        shuffled=shuffled,
        seed=study.params["random_state"],
        in_parts=bool(study.training.never_again),
        sources=dict(study.sources),
    )
    subject = SklearnSubject(
        captured,
        recipe,
        _trace(study, captured, training, shuffled, elsewhere),
        name=type(study.estimator).__name__,
        training=training,
        prediction=prediction,
        prediction_outputs=outputs,
        held_out=_held_out(study, captured),
    )
    subject.wrapped = study.place.wrapped
    subject.alongside = partial(beside_rows, training.X, study.copies or (), training.y)
    if chosen is not None:
        subject.serving_calls = ServingCalls(False, tuple(map(len, chosen.X)), chosen.place)
    return subject


def _captured(study: Study) -> Captured:
    known = describe(study.estimator)
    n_rows = max(study.training.n_seen, 1)
    if study.by_parts and known.solver != "lbfgs":
        epochs = study.n_updates / -(-n_rows // study.usual_batch)
    else:
        epochs = known.epochs
    same = study.initial is not None and study.initial.shapes == known.end.shapes
    return replace(
        known,
        base=study.base,
        params={**study.params, "shuffle": bool(_shuffled(study, known.solver))},
        initial=study.initial if same else None,
        drawn=study.drawn,
        order=None if study.by_parts else study.order,
        epochs=float(epochs),
        planned=None if study.by_parts else study.planned,
        batch_size=study.usual_batch if study.parts else None,
        untried=study.training.never_again,
    )


def _shuffled(study: Study, solver: str) -> bool | None:
    """Whether an epoch's order is drawn anew.

    The parts of a ``partial_fit``, and of fits that go on from each other, come in the program's own order.
    """
    if study.parts:
        return study.training.reordered
    return bool(study.params["shuffle"]) and solver != "lbfgs" and not study.training.in_blocks


def _n_updates(study: Study, captured: Captured) -> int:
    """Steps; L-BFGS looks at the loss more often than it steps."""
    return int(captured.epochs) if captured.solver == "lbfgs" else study.n_updates


def _training(study: Study, captured: Captured) -> Rows:
    rows = study.training.rows()
    assert rows is not None
    assert rows.y is not None
    names = kept_names(list(getattr(study.estimator, "feature_names_in_", ())))
    return replace(rows, y=plain_labels(rows.y, captured.kind), columns=names if len(names) == rows.X.shape[1] else ())


def _sample_weights(study: Study, training: Rows) -> dict[bytes, float]:
    weights = study.training.weights()
    if weights is None or training.y is None:
        return {}
    return {row_key(x, y): float(w) for x, y, w in zip(training.X, training.y, weights, strict=True)}


def _trace(
    study: Study, captured: Captured, training: Rows, shuffled: bool | None, elsewhere: tuple[str, ...]
) -> TrainingTrace:
    scores = getattr(study.estimator, "validation_scores_", None) if study.params["early_stopping"] else None
    epochs = round(captured.epochs)
    return TrainingTrace(
        loss_per_update=study.losses.values(),
        loss_per_epoch=np.asarray(study.epoch_losses, dtype=np.float64),
        n_updates=_n_updates(study, captured),
        n_epochs=epochs or None,
        planned_epochs=None if study.parts else study.planned or None,
        seconds=study.seconds,
        label_order=None if shuffled or training.y is None else training.y[:LABEL_ORDER],
        updates_to=study.first_update,
        rates=_rates(study.rates),
        restored_epoch=int(np.argmax(scores)) + 1 if scores else None,
        restored_by=RESTORED if scores else "",
        notes=tuple(_notes(study, training, elsewhere)),
    )


def _rates(rates: list[float]) -> tuple[tuple[float, float], ...]:
    """Where the learning rate changed, as (share of the epochs done, rate from there on)."""
    changed = [i for i in range(1, len(rates)) if not np.isclose(rates[i], rates[i - 1], rtol=1e-6)]
    return tuple((i / len(rates), rates[i]) for i in (0, *changed)) if changed else ()


def _many(n: int) -> str:
    return "one network that was seen" if n == 1 else f"{n} networks that were seen"


def _notes(study: Study, training: Rows, elsewhere: tuple[str, ...]) -> list[str]:
    notes = []
    if study.place.within is not None:
        which = "the one it fitted again on all rows" if study.place.refit else "the last of them"
        notes.append(f"{study.place.within} fitted {_many(study.siblings + 1)}: this is {which}")
    if study.place.steps:
        notes.append(behind(list(study.place.steps)))
    if training.n_seen:
        notes.append(f"{len(training):,} of {training.n_seen:,} training rows were kept")
    notes += [f"{one} ran in other processes, which are not followed" for one in dict.fromkeys(elsewhere)]
    return notes


def _is_training(study: Study, served: Served) -> bool:
    return study.training.share_known(hashes(np.concatenate(served.X))) >= SAME_SHARE


def _chosen(study: Study) -> Served | None:
    """The last rows predicted that are not training rows again; the same rows scored lend their labels.

    A handful of training rows, shown to see that it works, says less than all of them.
    """
    fresh = [one for one in study.served if not _is_training(study, one)]
    now = [one for one in fresh if one.after_updates == study.n_updates] or fresh
    if not now:
        return None
    return next((one for one in reversed(now) if one.how == "predict"), now[-1])


def _prediction(study: Study, chosen: Served, captured: Captured) -> tuple[Rows, FloatArray | None]:
    X = np.concatenate(chosen.X)
    y = chosen.y if chosen.y is not None else _labels_of(study, X)
    labels = None if y is None or len(y) != len(X) else plain_labels(y, captured.kind)
    seen = chosen.n_rows if chosen.n_rows > len(X) else None
    return Rows(X, labels, seen, chosen.how), np.concatenate(chosen.outputs)


def _labels_of(study: Study, X: AnyArray) -> Any:
    """Labels of predicted rows from a ``score`` of the same rows."""
    keys = hashes(X)
    for one in study.served:
        if one.y is not None and len(one.X) == 1 and np.array_equal(hashes(one.X[0]), keys):
            return one.y
    return None


def _held_out(study: Study, captured: Captured) -> Rows | None:
    """Rows that were scored and not trained on; else those that ``early_stopping`` held out."""
    for one in reversed(study.served):
        if one.y is not None and not _is_training(study, one):
            return Rows(np.concatenate(one.X), plain_labels(one.y, captured.kind), None, "score")
    if study.held_X is None or study.held_y is None:
        return None
    return Rows(study.held_X, plain_labels(study.held_y, captured.kind), None, "validation_fraction")
