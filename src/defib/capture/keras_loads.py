"""Loads of saved weights into Keras models, and models that predict and were never trained."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from defib.adapters.keras.flavor import flavor_of, to_numpy
from defib.capture.keras_study import Study, weights_now
from defib.capture.keras_turn import Turn
from defib.capture.keras_unapplied import in_a_loop
from defib.capture.torch_frames import user_line
from defib.measures.likeness import drawn_alike, likeness, way_gone
from defib.served import MOSTLY_FILLED
from defib.subject import AnyArray, Loading, WeightsOrigin

if TYPE_CHECKING:
    from defib.capture.keras_session import Session

MAX_STRANGERS: Final = 8


class Instances:
    """Loads into models, and models that predict although another one of their make was trained."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.strangers: dict[int, Study] = {}
        """Models that predict and were never trained: built like one that was, or given little of its weights."""
        self.loads: weakref.WeakKeyDictionary[Any, list[Loading]] = weakref.WeakKeyDictionary()

    def loading(self, how: str, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """``load_weights`` or ``set_weights`` by the user's own hand."""
        if self.session.depth:
            return None
        before, line = hashes(model), user_line()
        turn = Turn(args, kwargs)
        self.session.depth += 1
        turn.stack.callback(self.session.serving.leave)

        def finish(result: Any) -> None:
            study = self.session.studies.get(id(model))
            trained = study is not None and study.n_updates > 0
            self.loads.setdefault(model, []).append(loading_of(how, line, before, hashes(model), trained))

        turn.finish = finish
        return turn

    def serving_study(self, model: Any) -> Study | None:
        """The study of a trained model; else one for a model that should hold the weights of one, and only predicts."""
        found = self.session.studies.get(id(model))
        if found is not None and (found.n_updates or in_a_loop(found)):
            return found
        known = self.strangers.get(id(model))
        if known is not None or len(self.strangers) >= MAX_STRANGERS:
            return known
        flavor = flavor_of(model)
        if flavor is None or not any(self._stands_for(study, model) for study in self.session.studies.values()):
            return None
        self.strangers[id(model)] = made = Study(flavor, model)
        return made

    def _stands_for(self, study: Study, model: Any) -> bool:
        """Whether a model should hold what was trained: it is built alike, or a load left nearly all of it out.

        One that is trained itself is looked at for itself.
        """
        own = self.session.studies.get(id(model))
        if own is not None and own.n_updates:
            return False
        return is_twin(study, model) or (is_left_out(self.loads.get(model, ())) and is_kin(study, model))

    def note_origin(self, study: Study) -> None:
        """Which model predicted last, and where its weights come from."""
        served = study.served[-1].order if study.served else -1
        later = [
            one
            for one in self.strangers.values()
            if one.served and one.served[-1].order > served and self._stands_for(study, one.model)
        ]
        plain = study.packing is None and study.answers is None and study.replies is None
        if later and plain:
            study.stranger = max(later, key=lambda one: one.served[-1].order)
            study.note("the predictions came from another instance of the model than the one that was trained")
        model = study.model if study.stranger is None else study.stranger.model
        study.origin = origin_of(study, model, self.loads.get(model, ())) if plain else None


def hashes(model: Any) -> list[tuple[str, int, int]]:
    """Name, size and a hash of each weight array."""
    found = []
    for variable in weights_now(model):
        values = np.ascontiguousarray(to_numpy(variable))
        found.append((_name(variable), int(values.size), hash(values.tobytes())))
    return found


def _name(variable: Any) -> str:
    return str(getattr(variable, "path", variable.name)).split(":")[0]


def loading_of(
    how: str, line: str, before: Sequence[tuple[str, int, int]], after: Sequence[tuple[str, int, int]], trained: bool
) -> Loading:
    """What a load changed: a layer of which it left every array bit-equal got no value."""
    if len(before) != len(after):
        return Loading(how, line, 1.0, sum(size for _, size, _ in after), trained)
    owners = {name.rpartition("/")[0] for (name, _, old), (_, _, new) in zip(before, after, strict=True) if old != new}
    left = [(name, size) for name, size, _ in after if name.rpartition("/")[0] not in owners]
    total = sum(size for _, size, _ in after)
    filled = 1.0 - sum(size for _, size in left) / total if total else 1.0
    return Loading(how, line, filled, total, trained, tuple(name for name, _ in left))


def is_twin(study: Study, model: Any) -> bool:
    """Whether a model has weights like those of a trained one, and shares none with it."""
    if study.n_updates == 0 or model is study.model:
        return False
    mine, theirs = weights_now(model), weights_now(study.model)
    if not mine or [tuple(one.shape) for one in mine] != [tuple(one.shape) for one in theirs]:
        return False
    return not {id(one) for one in mine} & {id(one) for one in theirs}


def is_left_out(loads: Sequence[Loading]) -> bool:
    """Whether loads were made into a model and filled less than half of it: what it holds was drawn."""
    return bool(loads) and sum(one.filled_fraction for one in loads) < MOSTLY_FILLED


def is_kin(study: Study, model: Any) -> bool:
    """Whether a model takes such rows and gives such outputs as a trained one, by weights of other shapes."""
    if study.n_updates == 0 or model is study.model:
        return False
    ends = [[getattr(one, name, None) for name in ("input_shape", "output_shape")] for one in (model, study.model)]
    return ends[0] == ends[1] and None not in ends[0]


def origin_of(study: Study, model: Any, loads: Sequence[Loading]) -> WeightsOrigin | None:
    """Where the weights of the model that predicted come from; ``None`` where shapes differ without a load."""
    mine, theirs = _values(model), _values(study.model)
    if [one.shape for one in mine] != [one.shape for one in theirs]:
        return WeightsOrigin(True, 0.0, None, loads=tuple(loads), other_shapes=True) if is_left_out(loads) else None
    same = model is study.model
    like = 1.0 if same else likeness(mine, theirs)
    start = study.initial
    if start is None or [one.shape for one in start] != [one.shape for one in mine]:
        return WeightsOrigin(not same, like, None, loads=tuple(loads))
    learnt = [i for i, variable in enumerate(weights_now(model)) if _learnt(variable)]
    picked, first = [mine[i] for i in learnt], [start[i] for i in learnt]
    way = way_gone(picked, first, [theirs[i] for i in learnt])
    return WeightsOrigin(not same, like, likeness(picked, first), drawn_alike(picked, first), way, tuple(loads))


def _learnt(variable: Any) -> bool:
    return "moving_" not in str(variable.name) and "seed" not in str(variable.name)


def _values(model: Any) -> list[AnyArray]:
    return [np.asarray(to_numpy(one)) for one in weights_now(model)]
