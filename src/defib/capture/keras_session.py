"""What happens at each wrapped call: the studies of all models, and the turns that are going on."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from defib.adapters.keras.flavor import flavor_of, to_numpy
from defib.adapters.keras.packing import CannotPack, output_keys
from defib.adapters.keras.quiet import busy
from defib.capture.beside import named_copies
from defib.capture.engaged import Depth
from defib.capture.keras_counted import settler
from defib.capture.keras_given import fit_part, held_part, outside_graphs, stream_shuffled
from defib.capture.keras_loads import Instances
from defib.capture.keras_loop import STATELESS, Loops
from defib.capture.keras_restored import note_restored
from defib.capture.keras_rows import RowStore, SeveralArrays
from defib.capture.keras_running import running_fit, tee_running
from defib.capture.keras_serving import Serving
from defib.capture.keras_study import Stopwatch, Study, weights_now
from defib.capture.keras_tee import is_dataset, is_sequence, is_stream, slices, teed
from defib.capture.keras_turn import Turn, bound, rest
from defib.capture.keras_unapplied import adopt
from defib.capture.torch_frames import user_line

DIAGNOSE_PARTS: Final = (
    "give one input and one output: defib.diagnose(keras.Model(one_input, one_output), X_train, y_train)"
)
MAX_STUDIES: Final = 32
"""Models kept alive; a search over hundreds of models is not held in memory."""


class Session:
    """All that is known of the Keras models of one program."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        self.studies: dict[int, Study] = {}
        self.compiled: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self.fitting: list[Study] = []
        """Models inside ``fit`` or ``train_on_batch`` now, innermost last."""
        self.serving = Serving(self)
        self.instances = Instances(self)
        self.loops = Loops(self)
        self._depth = 0
        self.joined: tuple[Turn, Callable[[], None]] | None = None
        """A ``fit`` that was running when the watching began, and whom to tell when it is over."""
        self._step: dict[int, tuple[int, int]] = {}
        """Per model: number of the epoch, and last step seen in it."""

    @property
    def depth(self) -> int:
        """How many Keras methods of the user's are running."""
        return self._depth

    @depth.setter
    def depth(self, value: int) -> None:
        Depth.value += value - self._depth
        self._depth = value

    def safely(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a piece of watching; an exception inside is noted once and swallowed."""
        if busy():
            return None
        try:
            return do(*args, **kwargs)
        except Exception as error:
            self._note_error(error)
            return None

    def _note_error(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text not in self.errors:
            self.errors.append(text)

    def study(self, model: Any) -> Study | None:
        """The study of a model, opened when there is none; ``None`` when there are too many."""
        found = self.studies.get(id(model))
        if found is not None:
            return found
        flavor = flavor_of(model)
        if flavor is None or len(self.studies) >= MAX_STUDIES:
            return None
        self.studies[id(model)] = made = Study(flavor, model)
        if model in self.compiled:
            made.sources["compile"] = self.compiled[model]
        return made

    # --- compile --------------------------------------------------------------------------------

    def compile(self, original: Any, model: Any, args: Any, kwargs: Any) -> None:
        """Note where; another optimizer starts another recipe only when nothing was trained yet."""
        if self.depth:
            return
        line = user_line()
        self.compiled[model] = line
        study = self.studies.get(id(model))
        if study is not None:
            study.sources["compile"] = line
            study.compiled_again = True

    # --- training -------------------------------------------------------------------------------

    def fit(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """Note the rows and the recipe, tee what is a stream."""
        study = self.study(model)
        if study is None:
            return None
        call, given = bound(original, model, args, kwargs)
        study.sources["fit"] = user_line()
        study.planned_epochs += max(0, int(given["epochs"]) - int(given.get("initial_epoch") or 0))
        turn = Turn((), {})
        self._enter(turn, study)
        try:
            self._training_rows(turn, study, given)
            self._validation_rows(turn, study, given)
            turn.args, turn.kwargs = rest(call, given, ("x", "validation_data"))
        except BaseException:  # nobody will take this turn: what it holds open would stay so
            turn.stack.close()
            raise
        turn.finish = self._at_the_end(study, given.get("callbacks"))
        return turn

    def join(self, model: Any, ended: Callable[[], None]) -> bool:
        """As `fit`, for one that has begun."""
        self.studies = {key: study for key, study in self.studies.items() if study.model is model}
        given, study = running_fit(model), self.study(model)
        if given is None or study is None:
            return False
        study.sources["fit"] = user_line()
        study.planned_epochs += max(0, int(given["epochs"]) - int(given["initial_epoch"] or 0))
        turn = Turn((), {})
        self._enter(turn, study)
        self.joined = (turn, ended)
        self.safely(self._running_rows, turn, study, given)
        turn.finish = self._at_the_end(study, given["callbacks"])
        self._ready(study)
        return True

    def _at_the_end(self, study: Study, callbacks: Any) -> Callable[[Any], None]:
        before, settle = study.n_epochs, settler(study)

        def finish(result: Any) -> None:
            settle()
            note_restored(study, callbacks, before)

        return finish

    def _running_rows(self, turn: Turn, study: Study, given: dict[str, Any]) -> None:
        x, data = given["x"], given["validation_data"]
        if is_stream(data):  # what fit will draw it from is not made yet
            given["validation_data"] = None
        if not is_stream(x) or (is_dataset(x) and slices(x) is not None):
            self._training_rows(turn, study, given)
        else:
            study.shuffled, study.buffered = stream_shuffled(x, given), is_dataset(x)
            tee_running(turn, given, self._receiver(study, study.training))
        self._validation_rows(turn, study, given)

    def on_train_end(self) -> None:
        """Every callback was told that ``fit`` is over."""
        if self.joined is None:
            return
        (turn, ended), self.joined = self.joined, None
        turn.stack.close()
        self.safely(turn.finish, None)
        ended()

    def _enter(self, turn: Turn, study: Study) -> None:
        watch = Stopwatch(study)
        if study.copies is None:
            study.copies = self.safely(named_copies) or []
        self.fitting.append(study)
        self.depth += 1

        def leave() -> None:
            self.depth -= 1
            if study in self.fitting:
                self.fitting.remove(study)
            watch.stop()

        turn.stack.callback(leave)

    def _training_rows(self, turn: Turn, study: Study, given: dict[str, Any]) -> None:
        if given.get("class_weight"):
            study.class_weight = {int(k): float(v) for k, v in given["class_weight"].items()}
        x = given["x"]
        plain = slices(x) if is_dataset(x) else None
        if plain is not None:
            study.shuffled, study.batch_size = plain.shuffled, plain.batch_size
            X, y, w = (*plain.arrays, None)[:3]
            self._keep_arrays(study, study.training, X, y, w, slice(None))
            return
        if is_stream(x):
            study.shuffled, study.buffered = stream_shuffled(x, given), is_dataset(x)
            study.begun = inspect.isgenerator(x) or is_sequence(x)  # of the others fit looks at a batch first
            given["x"] = turn.stack.enter_context(teed(x, self._receiver(study, study.training)))
            return
        study.shuffled = bool(given.get("shuffle", True))
        study.batch_size = int(given["batch_size"] or 32)
        self._keep_arrays(study, study.training, x, given["y"], given.get("sample_weight"), fit_part(given))
        if study.batch_size > study.training.n_seen > 0:
            study.batch_size = study.training.n_seen

    def _validation_rows(self, turn: Turn, study: Study, given: dict[str, Any]) -> None:
        data, split = given.get("validation_data"), given.get("validation_split")
        if data is None and split and not is_stream(given["x"]):
            store = RowStore("validation_split")
            study.validation = store
            self._keep_arrays(study, store, given["x"], given["y"], None, held_part(given))
        elif data is not None and is_stream(data):
            given["validation_data"] = turn.stack.enter_context(teed(data, self._receiver(study, study.validation)))
        elif data is not None:
            self._keep_arrays(study, study.validation, data[0], data[1] if len(data) > 1 else None, None, slice(None))

    def _keep_arrays(self, study: Study, store: RowStore, x: Any, y: Any, w: Any, part: slice) -> None:
        try:
            X, labels = study.rows_of(x), study.labels_of(y)
            weights = study.counts_of(w)
        except SeveralArrays as error:
            study.several = f"its several inputs or outputs do not lie side by side: {error}"
            return
        if X is None or X.ndim == 0:
            return
        part = slice(*part.indices(len(X)))
        store.add_arrays(X[part], None if labels is None else labels[part], None if weights is None else weights[part])

    def _receiver(self, study: Study, store: RowStore) -> Callable[[tuple[Any, ...]], bool]:
        """What a teed stream shows its batches to."""

        def receive(batch: tuple[Any, ...]) -> bool:
            early = store is study.training and not study.begun
            return early or bool(self.safely(self._keep_batch, study, store, batch))

        return receive

    def _keep_batch(self, study: Study, store: RowStore, batch: tuple[Any, ...]) -> bool:
        try:
            parts = [study.rows_of(batch[0]), study.labels_of(batch[1]) if len(batch) > 1 else None]
            parts.append(study.counts_of(batch[2]) if len(batch) > 2 else None)
        except SeveralArrays as error:
            study.several = f"its several inputs or outputs do not lie side by side: {error}"
            return False
        X, y, w = [*parts, None, None][:3]
        return X is not None and X.ndim > 0 and store.add_batch(X, y, w)

    def train_on_batch(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """One step with these rows."""
        study = self.study(model)
        if study is None:
            return None
        _, given = bound(original, model, args, kwargs)
        study.sources["fit"] = user_line()
        if given.get("class_weight"):
            study.class_weight = {int(k): float(v) for k, v in given["class_weight"].items()}
        turn = Turn(args, kwargs)
        self._enter(turn, study)
        self._ready(study)
        self._keep_batch(study, study.training, (given["x"], given["y"], given.get("sample_weight")))

        def finish(result: Any) -> None:
            study.n_updates += 1
            if study.n_updates == 1:
                study.after_step()
            loss = result.get("loss") if isinstance(result, dict) else np.ravel(result)[0]
            study.losses.add(study.n_updates, 1, loss)

        turn.finish = finish
        return turn

    # --- inside fit -----------------------------------------------------------------------------

    def _ready(self, study: Study) -> None:
        """Before a step: the weights and settings it starts from."""
        model = study.model
        optimizer = getattr(model, "optimizer", None)
        grew = study.unready
        study.before_first_step(optimizer)
        if (study.compiled_again or grew) and weights_now(model) and (study.initial is not None or study.n_updates):
            study.mark_trained(list(model.trainable_variables))
            study.compiled_again = False

    def ready_by_hand(self, study: Study, optimizer: Any, variables: list[Any]) -> None:
        """Before a step of a hand-written loop."""
        with outside_graphs(study.flavor):
            study.before_first_step(optimizer)
            if study.initial is not None:
                study.mark_trained(variables)
                study.compiled_again = False

    def _fitting(self, model: Any) -> Study | None:
        return next((study for study in reversed(self.fitting) if study.model is model), None)

    def make_train(self, model: Any, *args: Any, **kwargs: Any) -> None:
        """Keras is about to step and the model is built."""
        study = self._fitting(model)
        if study is not None:
            self._ready(study)

    def variables_initialized(self) -> None:
        """TensorFlow has just given variables their first values."""
        for study in self.fitting:
            if study.unready:
                self._ready_in_graph(study)

    def optimizer_build(self, optimizer: Any, variables: Any = None, *args: Any, **kwargs: Any) -> None:
        """A model built by its first step: its weights exist now and have not moved."""
        for study in self.fitting:
            if getattr(study.model, "optimizer", None) is not optimizer:
                continue
            if study.unready:
                self._ready_in_graph(study)
            study.held = [id(v) for v in (variables or [])]

    def _ready_in_graph(self, study: Study) -> None:
        with outside_graphs(study.flavor):
            self._ready(study)

    def on_train_begin(self, callbacks: Any, logs: Any = None) -> None:
        """``fit`` is set up."""
        study = self._fitting(getattr(callbacks, "model", None))
        if study is not None:
            study.begun = True
            self._ready(study)

    def on_epoch_begin(self, callbacks: Any, epoch: Any, logs: Any = None) -> None:
        """Steps are counted anew."""
        study = self._fitting(getattr(callbacks, "model", None))
        if study is not None:
            self._step[id(study.model)] = (study.n_epochs, -1)

    def on_train_batch_end(self, callbacks: Any, batch: Any, logs: Any = None) -> None:
        """Count updates; ``batch`` is the index of the last one that ran."""
        study = self._fitting(getattr(callbacks, "model", None))
        if study is None:
            return
        epoch, last = self._step.get(id(study.model), (0, -1))
        first = study.n_updates == 0
        study.n_updates += max(1, batch - last)
        self._step[id(study.model)] = (epoch, batch)
        if logs and "loss" in logs:
            study.losses.add(epoch, batch + 1, logs["loss"])
        if first:
            study.after_step()

    def on_epoch_end(self, callbacks: Any, epoch: Any, logs: Any = None) -> None:
        """Losses of the epoch, which Keras computes anyway, and the learning rate its steps were made with.

        A callback may set the rate when an epoch begins or when it ends; here it is the epoch's own either way.
        """
        study = self._fitting(getattr(callbacks, "model", None))
        if study is None:
            return
        rate = getattr(getattr(study.model, "optimizer", None), "learning_rate", None)
        if rate is not None and (not callable(rate) or hasattr(rate, "assign")):
            study.rates.append(float(to_numpy(rate)))
        study.n_epochs += 1
        for key in output_keys(study.model):
            if logs and f"{key}_loss" in logs:
                study.output_losses.setdefault(key, []).append(float(to_numpy(logs[f"{key}_loss"])))
        for key, kept in (("loss", study.epoch_losses), ("val_loss", study.validation_losses)):
            if logs and key in logs:
                kept.append(float(to_numpy(logs[key])))

    # --- the end --------------------------------------------------------------------------------

    def subjects(self) -> list[Any]:
        """Subjects of all models that took a step."""
        from defib.capture.keras_build import build

        found = []
        self.safely(self.serving.flush)
        for study in self.studies.values():
            self.safely(adopt, study)
        trained = {str(study.model.name) for study in self.studies.values() if _trained(study)}
        self.errors += [STATELESS.format(name=name) for name in self.loops.outside if name not in trained]
        for study in self.studies.values():
            if not _trained(study) or not weights_now(study.model):
                continue
            if study.several is not None and not study.training.X:
                self.errors.append(f"{study.model.name}: {study.several}; {DIAGNOSE_PARTS}")
                continue
            try:
                self.instances.note_origin(study)
                found += build(study)
            except CannotPack as error:
                self.errors.append(f"{study.model.name}: {error}; {DIAGNOSE_PARTS}")
            except Exception as error:
                self._note_error(error)
        return found


def _trained(study: Study) -> bool:
    """Whether it took a step, or a loop of its own should have."""
    return study.n_updates > 0 or (study.loop is not None and study.loop.computed > 0)
