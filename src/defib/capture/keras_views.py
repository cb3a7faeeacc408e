"""Studies of models with several inputs or outputs, or of text, as studies of models of one array of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from defib.adapters.keras.own_step import overrides
from defib.adapters.keras.packing import CannotPack, Packing, by_output, one_output, opened, output_keys, packed_model
from defib.adapters.keras.quiet import quiet
from defib.adapters.keras.text import TextDoor, is_text, text_door
from defib.adapters.keras.together import Together
from defib.capture.keras_rows import RowStore
from defib.capture.keras_study import LossTrace, Served, Study, weights_now


def views(study: Study) -> list[Study]:
    """The study itself; of several inputs, that of the packed model; of several outputs, one per output.

    Raises `CannotPack` when the model cannot be called on packed inputs.
    """
    several = study.answers or study.replies
    keys = () if several is None else output_keys(study.model) or several.keys
    if not keys and study.packing is None:
        return [_behind_text(study)]
    with quiet():
        study = _opened(study) if keys and not output_keys(study.model) else study
        parts = [_output(study, number, keys) for number in range(len(keys))] or [study]
        if study.packing is not None and not study.packed:
            parts = [_packed(part, study.packing) for part in parts]
        return [_with_others(study, part, number) for number, part in enumerate(parts)] if keys else parts


def _opened(study: Study) -> Study:
    """Of a class of the user's that gives several outputs: the functional model that its ``call`` writes down.

    Several inputs are packed in it. Raises `CannotPack`.
    """
    X = study.training.X[0] if study.training.X else study.served[-1].X[0]
    model = opened(study.flavor, study.model, X.shape[1:], X.dtype, study.packing)
    if {id(one) for one in model.weights} - {id(one) for one in weights_now(study.model)}:
        raise CannotPack("a call of the model makes new weights")
    return replace(_seen_as(study, model, study.model, getattr(study.model, "loss", None)), packed=True)


def _owner(study: Study) -> Any:
    return study.model if study.owner is None else study.owner


def _loss(study: Study) -> Any:
    """What ``compile`` was given."""
    return getattr(study.model, "loss", None) if study.owner is None else study.compiled_loss


def _packed(study: Study, packing: Packing) -> Study:
    owner, loss = _owner(study), _loss(study)
    return _seen_as(study, packed_model(study.flavor, study.model, packing), owner, loss)


def _behind_text(study: Study) -> Study:
    """The study seen from where its texts are numbers; itself where it has none."""
    if not any(is_text(one) for one in study.training.X[:1]):
        return study
    with quiet():
        door = text_door(study.flavor, study.model)
        if door is None:
            return study
        view = _seen_as(study, door.model, study.model, getattr(study.model, "loss", None))
        return replace(
            view,
            training=_read(study.training, door),
            validation=_read(study.validation, door),
            served=[_answered(one, study, door) for one in study.served],
            stranger=study.stranger
            and replace(study.stranger, served=[_answered(one, study, door) for one in study.stranger.served]),
            notes=[*study.notes, door.describe()],
        )


def _read(store: RowStore, door: TextDoor) -> RowStore:
    return replace(store, X=[door.read(one) for one in store.X])


def _answered(served: Served, study: Study, door: TextDoor) -> Served:
    """The texts are compared with those trained on before they are read."""
    again = study.trained_on(served)
    return replace(served, X=[door.read(one) for one in served.X], again=again)


def _output(study: Study, number: int, keys: tuple[str, ...]) -> Study:
    """One output: its layers, labels, predictions and loss."""
    key = keys[number]
    given = _loss(study)
    losses = by_output(study.model, given, lacking=True)
    loss = losses[number] if losses is not None else None if isinstance(given, (dict, list, tuple)) else given
    view = _seen_as(study, one_output(study.model, study.flavor, number, key), _owner(study), loss)
    return replace(
        view,
        training=_rows(study.training, study.answers, number),
        validation=_rows(study.validation, study.answers, number),
        served=[_served(one, study, number) for one in study.served],
        epoch_losses=study.output_losses.get(key, []),
        validation_losses=[],
        losses=LossTrace(),
        loss_weight=0.0 if given is not None and loss is None else _loss_weight(study, number),
        output=key,
        outputs=keys,
    )


def _with_others(study: Study, view: Study, number: int) -> Study:
    """One output, with what trials need to train it among the others; else with why there are none."""
    losses = by_output(study.model, _loss(study), lacking=True) or [_loss(study)] * len(study.model.outputs)
    rows = study.training.rows()
    if overrides(study.flavor, _owner(study), "train_step") or all(one is None for one in losses):
        return view  # said by the build
    if rows is None or rows.y is None or study.answers is None:
        return replace(view, untried="the labels of the outputs that were trained together are not known")
    whole = study if study.packing is None or study.packed else _packed(study, study.packing)
    together = Together(
        model=whole.model,
        number=number,
        initial=whole.initial,
        trained=whole.trained,
        losses=tuple(losses),
        weights=_weights(study),
        rows=rows,
        labels=tuple(study.answers.unpack(rows.y, k) for k in range(len(losses))),
        counts=study.training.weights(),
    )
    return replace(view, together=together)


def _weights(study: Study) -> tuple[Any, ...] | None:
    """``loss_weights`` as ``compile`` was given them, per output."""
    owner = _owner(study)
    compiled = getattr(owner, "_compile_loss", None) or getattr(owner, "compiled_loss", None)
    found = by_output(study.model, getattr(compiled, "_user_loss_weights", None), lacking=True)
    return None if found is None else tuple(1.0 if one is None else one for one in found)


def _loss_weight(study: Study, number: int) -> float | None:
    """Of one output's loss in what ``compile`` was given."""
    weights = _weights(study)
    return None if weights is None else float(weights[number])


def _seen_as(study: Study, model: Any, owner: Any, loss: Any) -> Study:
    """The study with another model over (some of) the same weights."""
    place = {id(variable): number for number, variable in enumerate(weights_now(study.model))}
    order = [place[id(variable)] for variable in model.weights]
    new = {old: number for number, old in enumerate(order)}
    return replace(
        study,
        model=model,
        owner=owner,
        compiled_loss=loss,
        initial=None if study.initial is None else [study.initial[old] for old in order],
        trained=None if study.trained is None else frozenset(new[old] for old in study.trained if old in new),
        first_update=tuple((new[old], size) for old, size in study.first_update if old in new),
    )


def _rows(store: RowStore, packing: Packing | None, number: int) -> RowStore:
    if packing is None:
        return replace(store, y=[])
    counts = [one[:, number] for one in store.w]
    return replace(store, y=[packing.unpack(one, number) for one in store.y], w=counts)


def _served(served: Served, study: Study, number: int) -> Served:
    labels, outputs = study.answers, study.replies
    return replace(
        served,
        y=[] if labels is None else [labels.unpack(one, number) for one in served.y if one is not None],
        outputs=[] if outputs is None else [np.asarray(outputs.unpack(one, number)) for one in served.outputs],
    )
