"""What is noted about one model while the user's program trains and serves it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import numpy as np

from defib.adapters.keras.flavor import Flavor, to_numpy
from defib.adapters.keras.optimizers import class_of, config_of
from defib.adapters.keras.packing import CannotPack, Packing, entries, packing_of, parts_of
from defib.adapters.keras.together import Together
from defib.capture.beside import Named
from defib.capture.keras_rows import SAME_SHARE, RowStore, SeveralArrays, evenly, hashes, row_limit, to_array
from defib.named_columns import column_names
from defib.subject import AnyArray, FloatArray, Rows, WeightsOrigin

MAX_LOSSES: Final = 2_000


class LossTrace:
    """Losses of single steps, as the tensors Keras hands to callbacks, thinned as they grow; read once, at the end.

    Keras gives the *mean since the beginning of the epoch*; the loss between two kept values follows
    from their difference.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[int, int, Any]] = []
        self._stride = 1
        self._count = 0

    def add(self, epoch: int, step: int, value: Any) -> None:
        """``step`` counts from 1 within the epoch; ``value`` is the mean so far, a tensor or a number."""
        if self._count % self._stride == 0:
            self._kept.append((epoch, step, value))
            if len(self._kept) >= 2 * MAX_LOSSES:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._count += 1

    def values(self) -> FloatArray:
        """Mean loss between neighbouring kept steps, ``(n,)``, at most 2,000."""
        found: list[float] = []
        last_epoch, last_step, last_sum = -1, 0, 0.0
        for epoch, step, value in self._kept:
            total = float(to_numpy(value)) * step
            if epoch != last_epoch or step <= last_step:
                found.append(total / max(step, 1))
            else:
                found.append((total - last_sum) / (step - last_step))
            last_epoch, last_step, last_sum = epoch, step, total
        array = np.asarray(found, dtype=np.float64)
        if len(array) > MAX_LOSSES:
            array = array[np.linspace(0, len(array) - 1, MAX_LOSSES).astype(int)]
        return array


@dataclass
class Served:
    """Rows of one ``predict``, ``evaluate`` or call, and what came out."""

    how: str
    """``predict``, ``evaluate`` or ``call``."""
    place: tuple[str, ...]
    """The user's frames; calls from the same place in a row are one loop."""
    after_updates: int
    X: list[AnyArray] = field(default_factory=list)
    y: list[AnyArray] = field(default_factory=list)
    outputs: list[AnyArray] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    """Rows of each call, before sampling."""
    order: int = field(default_factory=count().__next__)
    """Running number over all models of the program."""
    training: bool = False
    """The call was made with ``training=True``."""
    again: bool | None = None
    """Whether these are the training rows, where that was found out before the rows were changed."""

    @property
    def n_kept(self) -> int:
        """Rows held."""
        return sum(map(len, self.X))

    def add(self, X: AnyArray, y: AnyArray | None, outputs: AnyArray | None) -> None:
        """One call's rows, thinned evenly beyond the limit."""
        self.sizes.append(len(X))
        kept = evenly(len(X), max(0, row_limit(X) - self.n_kept))
        if len(kept) == 0:
            return
        self.X.append(np.array(X[kept]))
        if y is not None:
            self.y.append(np.array(y[kept]))
        if outputs is not None and len(outputs) == len(X):
            self.outputs.append(np.array(outputs[kept]))

    def rows(self) -> Rows:
        """What was kept."""
        X = np.concatenate(self.X)
        y = np.concatenate(self.y) if sum(map(len, self.y)) == len(X) else None
        return Rows(X, y, sum(self.sizes) if sum(self.sizes) > len(X) else None, self.how)

    def all_outputs(self) -> AnyArray | None:
        """Outputs row by row, if every kept row has one."""
        return np.concatenate(self.outputs) if sum(map(len, self.outputs)) == self.n_kept else None

    def continues(self, other: Served) -> bool:
        """Whether this is the next turn of the loop that ``other`` began."""
        if (self.how, self.place, self.training, self.after_updates) != (
            *(other.how, other.place, other.training, other.after_updates),
        ):
            return False
        if self.X[0].shape[1:] != other.X[0].shape[1:]:
            return False
        size, usual = self.sizes[0], other.sizes[0]
        return size == usual == 1 or (other.sizes[-1] == usual and size <= usual and usual <= LOOP_BATCH)


LOOP_BATCH: Final = 512
"""Larger blocks from the same line are taken for different sets of rows, not for batches of one."""


@dataclass
class Study:
    """One model under watch."""

    flavor: Flavor
    model: Any
    initial: list[AnyArray] | None = None
    trained: frozenset[int] | None = None
    optimizer_class: type[Any] | None = None
    optimizer_config: dict[str, Any] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    n_updates: int = 0
    n_epochs: int = 0
    planned_epochs: int = 0
    seconds: float = 0.0
    epoch_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    losses: LossTrace = field(default_factory=LossTrace)
    training: RowStore = field(default_factory=lambda: RowStore("fit"))
    copies: list[Named] | None = None
    """Small arrays of the program's as they were when the training began; ``None`` before."""
    validation: RowStore = field(default_factory=lambda: RowStore("validation_data"))
    served: list[Served] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    first_update: tuple[tuple[int, float], ...] = ()
    class_weight: dict[int, float] | None = None
    batch_size: int | None = None
    shuffled: bool | None = None
    buffered: bool = False
    """A dataset shuffles them: what its buffer holds, and no more."""
    notes: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    """``id`` of the variables the optimizer was built for, where that was seen."""
    compiled_again: bool = True
    """``compile`` was called since the last step: the next step fixes what is trained."""
    restored: int | None = None
    """Epoch, from 1, whose weights a callback put back when the training ended."""
    restored_by: str = ""
    several: str | None = None
    """Why rows could not be kept: several inputs or outputs."""
    owner: Any = None
    """The user's model, when ``model`` is a view of it: inputs packed, or one of its outputs."""
    compiled_loss: Any = None
    """The loss of that view."""
    loss_weight: float | None = None
    """What that loss counts for among those of the other outputs; ``None`` where that was not given."""
    untried: str | None = None
    """Why no trial is run, as a clause."""
    together: Together | None = None
    """The whole model, where ``model`` is one of its outputs."""
    output: str = ""
    """The name of that output."""
    outputs: tuple[str, ...] = ()
    """The names of all of them."""
    packed: bool = False
    """``model`` takes its inputs packed already."""
    output_losses: dict[str, list[float]] = field(default_factory=dict)
    """Per output of several: the loss of each epoch."""
    packing: Packing | None = None
    """How several inputs are laid side by side."""
    answers: Packing | None = None
    """How the labels of several outputs are."""
    replies: Packing | None = None
    """How what they predict is."""
    stranger: Study | None = None
    """A model built like this one that was never trained and predicted last."""
    origin: WeightsOrigin | None = None
    """Where the weights that predicted come from."""
    columns: tuple[str, ...] = ()
    """Names of the input columns, where a table was given."""
    by_hand: list[AnyArray] | None = None
    """The weights behind the first step of a loop that moves them without an optimizer."""
    gathered: int = 0
    """Most batches whose gradients went into one step of a hand-written loop; 0 where each had its own."""
    loop: Any = None
    """What a hand-written loop was seen to do (see ``keras_loop``)."""

    begun: bool = True
    """``fit`` has built everything; what it drew before from a dataset, it draws again to train on."""

    def note(self, text: str) -> None:
        """Keep a sentence, once."""
        if text not in self.notes:
            self.notes.append(text)

    @property
    def unready(self) -> bool:
        """No step was taken and not all weights are copied.

        A model may be built layer by layer inside its first step, an adapted normalization before the rest.
        """
        return self.n_updates == 0 and (self.initial is None or len(self.initial) < len(weights_now(self.model)))

    def rows_of(self, x: Any) -> AnyArray | None:
        """Rows as one array; several inputs side by side. Raises `SeveralArrays` when they cannot be."""
        parts = parts_of(x)
        if parts is None:
            self.columns = self.columns or column_names(x)
            return to_array(x)
        known = self.packing.keys if self.packing is not None and set(self.packing.keys) == set(parts) else parts
        self.packing, packed = _side_by_side(x, {key: to_array(parts[key]) for key in known}, self.packing)
        return packed

    def labels_of(self, y: Any) -> AnyArray | None:
        """Labels as one array, those of several outputs side by side."""
        parts = entries(self.model, y)
        if parts is None:
            return to_array(y)
        self.answers, packed = _side_by_side(y, {key: to_array(one) for key, one in parts.items()}, self.answers)
        return packed

    def counts_of(self, w: Any) -> AnyArray | None:
        """``sample_weight``; of several outputs ``(n_rows, n_outputs)``, one given for all of them repeated.

        Raises `SeveralArrays` where some are per time step, or left out.
        """
        if self.answers is None or w is None:
            return to_array(w)
        keys = self.answers.keys
        parts = entries(self.model, w) or dict.fromkeys(keys, w)
        columns = [to_array(one) for one in parts.values()]
        flat = [one.reshape(len(one)) for one in columns if one is not None and one.size == len(one)]
        if len(flat) < len(keys):
            raise SeveralArrays("sample_weight does not hold one number per row for every output")
        return np.stack(flat, axis=1)

    def outputs_of(self, result: Any) -> AnyArray | None:
        """What the model predicted, as one array."""
        parts = entries(self.model, result)
        if parts is None:
            return to_array(result)
        self.replies, packed = _side_by_side(result, {key: to_array(one) for key, one in parts.items()}, self.replies)
        return packed

    def before_first_step(self, optimizer: Any) -> None:
        """Copy the initial weights and the optimizer's settings, if the weights exist and it was not done."""
        weights = weights_now(self.model)
        if self.unready and weights:
            values = [np.array(to_numpy(v)) for v in weights]
            if all(value.shape == tuple(v.shape) for value, v in zip(values, weights, strict=True)):
                self.initial = values
        if optimizer is None or not self.compiled_again:
            return
        cls, config = class_of(optimizer), config_of(optimizer)
        if (
            self.optimizer_class is not None
            and self.n_updates
            and (cls, config)
            != (
                self.optimizer_class,
                self.optimizer_config,
            )
        ):
            self.note("the model was compiled again between two trainings: trials use the last optimizer throughout")
        self.optimizer_class, self.optimizer_config = cls, config

    def mark_trained(self, variables: list[Any]) -> None:
        """Which weights the steps change; the first answer stands, as the traced step keeps it."""
        place = {id(v): i for i, v in enumerate(weights_now(self.model))}
        found = frozenset(place[id(v)] for v in variables if id(v) in place)
        self.trained = found if self.trained is None else self.trained | found

    def after_step(self) -> None:
        """Relative size of the first update, from the weights before and after it."""
        if self.first_update or self.initial is None or len(self.initial) != len(weights_now(self.model)):
            return
        found = []
        for index, variable in enumerate(weights_now(self.model)):
            before = self.initial[index]
            if before.dtype.kind != "f":
                continue
            size = float(np.linalg.norm(before))
            moved = float(np.linalg.norm(to_numpy(variable) - before))
            found.append((index, moved / size if size > 0 else (float("inf") if moved > 0 else 0.0)))
        self.first_update = tuple(found)

    def trained_on(self, served: Served) -> bool:
        """Whether these rows are the training rows again."""
        if served.again is not None:
            return served.again
        X = served.X[0] if len(served.X) == 1 else served.rows().X
        return bool(self.training.known) and self.training.share_known(hashes(X)) >= SAME_SHARE

    def serve(self, served: Served) -> None:
        """Keep rows that were served; a loop over rows becomes one entry. Older ones beyond the last few are let go."""
        if not served.X:
            return
        last = self.served[-1] if self.served else None
        if last is not None and served.continues(last):
            last.add(served.X[0], *[parts[0] if parts else None for parts in (served.y, served.outputs)])
            return
        self.served.append(served)
        del self.served[:-MAX_SERVED]


MAX_SERVED: Final = 8


def _side_by_side(
    value: Any, arrays: dict[str, AnyArray | None], known: Packing | None
) -> tuple[Packing, AnyArray | None]:
    """The packing, and the arrays in it."""
    try:
        found = packing_of(value, {key: one for key, one in arrays.items() if one is not None})
    except CannotPack as error:
        raise SeveralArrays(str(error)) from error
    if known is not None and not known.fits(found):
        raise SeveralArrays("their number or shapes changed between two calls")
    used = known or found
    return used, used.pack([one for one in arrays.values() if one is not None])


def weights_now(model: Any) -> list[Any]:
    """The model's weights; none when it is not built yet (the legacy Keras raises then).

    The legacy Keras counts vocabularies among them.
    """
    try:
        return [one for one in model.weights if hasattr(one, "shape")]
    except ValueError:
        return []


class Stopwatch:
    """Wall time of the user's own training."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.started = time.monotonic()

    def stop(self) -> None:
        """Add the time since the start."""
        self.study.seconds += time.monotonic() - self.started
