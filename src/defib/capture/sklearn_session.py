"""What happens at each wrapped call: the studies of all networks of one program."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split

from defib.adapters.sklearn.captured import Weights, loss_unit, weights_of
from defib.adapters.sklearn.memory import dense
from defib.adapters.sklearn.quiet import busy
from defib.capture.beside import named_copies
from defib.capture.keras_rows import evenly, row_limit
from defib.capture.sklearn_calls import place, rows_before
from defib.capture.sklearn_study import Study
from defib.capture.torch_frames import user_line, user_place

MAX_STUDIES: Final = 32
"""Networks kept alive; of a program that fits more, the last ones."""


class Session:
    """All that is known of the networks of one program."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        self.studies: list[Study] = []
        self._open: dict[int, Study] = {}
        """Networks inside ``fit`` now, by ``id``."""
        self._scored: dict[int, Any] = {}
        self._elsewhere: list[str] = []
        self.dropped = 0

    def safely(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a piece of watching; an exception inside is noted once and swallowed."""
        if busy():
            return None
        try:
            return do(*args, **kwargs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if text not in self.errors:
                self.errors.append(text)
            return None

    def _known(self, estimator: Any) -> Study | None:
        return next((one for one in reversed(self.studies) if one.estimator is estimator), None)

    def _twin(self, estimator: Any) -> Study | None:
        """The study of a network of which this one is a copy, loaded again or cloned with its weights."""
        if not hasattr(estimator, "coefs_"):
            return None
        now = weights_of(estimator)
        return next((one for one in reversed(self.studies) if one.last is not None and _same(now, one.last)), None)

    # --- training -------------------------------------------------------------------------------

    def fit(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, incremental: bool = False) -> Any:
        """``fit`` or ``partial_fit``; another fit from new weights is another training."""
        found = self._known(estimator)
        goes_on = hasattr(estimator, "coefs_") and (incremental or bool(estimator.warm_start))
        if found is None or not goes_on or _changed_by_hand(found):
            again = found
            found = Study.of(estimator, place(estimator))
            found.drawn = not goes_on
            self._add(found, again)
        found.sources["fit"] = user_line()
        found.fits += not incremental
        found.parts += incremental
        found.planned += 0 if incremental else int(estimator.max_iter)
        self._open[id(estimator)] = found
        if found.copies is None:
            given = self.safely(rows_before)
            found.copies = [*(self.safely(named_copies) or []), *([] if given is None else [given])]
        found.begin()

        def finish() -> None:
            self._open.pop(id(estimator), None)
            found.end()

        return finish

    def _add(self, study: Study, again: Study | None) -> None:
        """One study per call that fits many; the refitted best of a search outlives the others."""
        if again is not None:
            self.studies.remove(again)
        key = study.place.key
        siblings = [one for one in self.studies if key is not None and one.place.key == key]
        if any(one.place.refit for one in siblings):
            return
        study.siblings = sum(one.siblings + 1 for one in siblings)
        self.studies = [one for one in self.studies if not any(one is other for other in siblings)]
        self.studies.append(study)
        self.dropped += len(self.studies[:-MAX_STUDIES])
        del self.studies[:-MAX_STUDIES]

    def initialize(self, estimator: Any, result: Any, *args: Any, **kwargs: Any) -> None:
        """scikit-learn has drawn the weights."""
        study = self._open.get(id(estimator))
        if study is not None:
            study.drawn = True

    def fit_stochastic(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, *args: Any) -> None:
        """The rows as they enter the network, and what it starts from."""
        study = self._open.get(id(estimator))
        if study is None:
            return
        study.keep_start()
        trained = np.arange(X.shape[0])
        if estimator.early_stopping and not study.parts:
            trained, held = _split(estimator, y)
            kept = held[evenly(len(held), row_limit(dense(X, slice(0, 1))))]
            study.held_X, study.held_y = dense(X, kept), np.asarray(y)[kept]
        self._keep_rows(study, X, np.asarray(y), sample_weight, trained)

    def fit_lbfgs(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, *args: Any) -> None:
        """The same for the solver that takes all rows in every step."""
        study = self._open.get(id(estimator))
        if study is not None:
            study.keep_start()
            self._keep_rows(study, X, np.asarray(y), sample_weight, np.arange(X.shape[0]))

    def _keep_rows(self, study: Study, X: Any, y: Any, sample_weight: Any, rows: Any) -> None:
        labels = y.reshape(len(y), -1)
        if study.parts:
            study.training.add_batch(dense(X, rows), labels[rows], _some(sample_weight, rows))
            return
        sparse = hasattr(X, "tocsr")
        if sparse:  # the rest would be zeros
            n = len(rows)
            rows = rows[evenly(n, row_limit(dense(X, slice(0, 1))))]
            study.training.add_arrays(dense(X, rows), labels[rows], _some(sample_weight, rows))
            study.training.n_seen = max(study.training.n_seen, n)
            return
        every = len(rows) == X.shape[0]
        taken = X if every else X[rows]
        study.training.add_arrays(taken, labels if every else labels[rows], _some(sample_weight, rows))

    def backprop(self, estimator: Any, result: Any, X: Any, y: Any, *args: Any) -> None:
        """One step's loss, without the penalty; the weights are those before this step."""
        study = self._open.get(id(estimator))
        if study is None:
            return
        n = X.shape[0]
        if study.n_updates == 1:
            study.note_first_update()
        weights = args[0] if args and isinstance(args[0], np.ndarray) else None
        over = n if weights is None else float(weights.sum())
        penalty = 0.5 * estimator.alpha * sum(float(np.vdot(w, w)) for w in estimator.coefs_) / over
        kind = "regression" if not is_classifier(estimator) else _tags(estimator)
        loss = (float(result[0]) - penalty) * loss_unit(kind, str(estimator.loss), estimator.n_outputs_)  # type: ignore[arg-type]
        study.losses.add(loss)
        study.batch = max(study.batch, n)
        study.epoch_sum += loss * n
        study.epoch_rows += n

    def update_no_improvement_count(self, estimator: Any, *args: Any, **kwargs: Any) -> None:
        """An epoch is over; the rate is the one its steps were made with."""
        study = self._open.get(id(estimator))
        if study is None:
            return
        if not study.parts:
            study.epoch_losses.append(study.epoch_sum / max(study.epoch_rows, 1))
        study.epoch_sum, study.epoch_rows = 0.0, 0
        if estimator.solver == "sgd":
            study.rates.append(float(estimator._optimizer.learning_rate))

    def parallel(self, parallel: Any, *args: Any, **kwargs: Any) -> None:
        """Work that goes to other processes is not followed; say so when nothing else is seen."""
        jobs = getattr(parallel, "n_jobs", None)
        threads = getattr(parallel, "_backend", None)
        if jobs not in (None, 1) and getattr(threads, "supports_sharedmem", False) is False:
            self._elsewhere.append(f"scikit-learn's work with n_jobs={jobs} at {user_line()}")

    # --- serving --------------------------------------------------------------------------------

    def score(self, estimator: Any, X: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        """Labels of the rows that are about to be predicted."""
        self._scored[id(estimator)] = y
        return lambda: self._scored.pop(id(estimator), None)

    def forward_pass_fast(self, estimator: Any, result: Any, X: Any, *args: Any, **kwargs: Any) -> None:
        """Rows predicted, and what came out; not those that a fit looks at for itself."""
        study = self._known(estimator) or self._twin(estimator)
        if study is None or id(estimator) in self._open:
            return
        y = self._scored.get(id(estimator))
        study.sources["predict"] = user_line()
        study.serve("predict" if y is None else "score", user_place(), X, np.asarray(result), _labels(estimator, y))

    # --- the end --------------------------------------------------------------------------------

    def subjects(self) -> list[Any]:
        """Subjects of all networks that took a step."""
        from defib.capture.sklearn_build import build

        found = []
        for study in self.studies:
            if study.n_updates and study.training.X and study.initial is not None:
                made = self.safely(build, study, tuple(self._elsewhere))
                found += [] if made is None else [made]
        if self._elsewhere and not found:
            self.errors.append(
                f"{self._elsewhere[-1]} ran in other processes, which are not followed: n_jobs=1 would be"
            )
        if self.dropped:
            self.errors.append(
                f"{self.dropped} more networks of scikit-learn were fitted before the last {MAX_STUDIES}"
            )
        return found


def _changed_by_hand(study: Study) -> bool:
    """Whether the user set other weights since the last fit ended."""
    if study.last is None:
        return False
    return not _same(weights_of(study.estimator), study.last)


def _same(one: Weights, other: Weights) -> bool:
    if one.shapes != other.shapes:
        return False
    pairs = zip((*one.coefs, *one.intercepts), (*other.coefs, *other.intercepts), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def _split(estimator: Any, y: Any) -> tuple[Any, Any]:
    """Rows trained on and rows held out by ``early_stopping``: the same split, drawn from a copy of the same state."""
    index = np.arange(len(y))
    trained, held = train_test_split(
        index,
        random_state=copy.deepcopy(estimator._random_state),
        test_size=estimator.validation_fraction,
        stratify=y if is_classifier(estimator) and estimator.n_outputs_ == 1 else None,
    )
    return np.sort(trained), np.sort(held)


def _some(sample_weight: Any, rows: Any) -> Any:
    return None if sample_weight is None else np.asarray(sample_weight)[rows]


def _tags(estimator: Any) -> str:
    return "multilabel" if estimator.out_activation_ == "logistic" and estimator.n_outputs_ > 1 else "binary"


def _labels(estimator: Any, y: Any) -> Any:
    """Labels of the user's as the columns the network trains on; ``None`` where they are no labels it knows."""
    if y is None:
        return None
    binarizer = getattr(estimator, "_label_binarizer", None)
    try:
        columns = np.asarray(y, dtype=np.float64) if binarizer is None else binarizer.transform(np.asarray(y))
    except (TypeError, ValueError):
        return None
    return np.asarray(columns).reshape(len(columns), -1)
