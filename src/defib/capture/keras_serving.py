"""Rows a trained model serves: ``predict``, ``evaluate``, ``model(x)``, single rows or streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from defib.adapters.keras.packing import parts_of
from defib.capture.keras_study import Served, Study
from defib.capture.keras_tee import is_stream, teed
from defib.capture.keras_turn import Turn, bound, in_training, rest
from defib.capture.torch_frames import user_line, user_place

if TYPE_CHECKING:
    from defib.capture.keras_session import Session

MAX_STREAMED: Final = 20_000


class Serving:
    """Watches what models serve after (or during) their training."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.unclaimed: Callable[[], None] | None = None
        """Keeps the rows of the last call that a ``backward`` may still follow."""

    def flush(self) -> None:
        """No ``backward`` followed: the last call served rows."""
        keep, self.unclaimed = self.unclaimed, None
        if keep is not None:
            keep()

    def _served(self, how: str, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        study = None if kwargs.get("_use_cached_eval_dataset") else self.session.instances.serving_study(model)
        if study is None:
            return None
        if how == "evaluate" and study in self.session.fitting and not study.flavor.v3:
            return None  # the validation pass of fit
        call, given = bound(original, model, args, kwargs)
        if how != "call":
            study.sources.setdefault("evaluate" if how == "evaluate" else "predict", user_line())
        turn = Turn((), {})
        served = Served(how, user_place(), study.n_updates)
        self.session.depth += 1
        turn.stack.callback(self.leave)
        turn.finish = self._serving(turn, study, served, given)
        turn.args, turn.kwargs = rest(call, given, ("x",))
        return turn

    def leave(self) -> None:
        """A watched call has ended."""
        self.session.depth -= 1

    def _serving(self, turn: Turn, study: Study, served: Served, given: dict[str, Any]) -> Callable[[Any], None]:
        """Prepare to keep rows; gives what to do with the result."""
        batches: list[tuple[Any, ...]] = []
        x = given["x"]
        if is_stream(x):

            def receive(batch: tuple[Any, ...]) -> bool:
                y = study.labels_of(batch[1]) if len(batch) > 1 else None
                batches.append((study.rows_of(batch[0]), y))
                return sum(len(b[0]) for b in batches) < MAX_STREAMED

            given["x"] = turn.stack.enter_context(teed(x, lambda batch: bool(self.session.safely(receive, batch))))

        def finish(result: Any) -> None:
            X, y = _joined(batches) if batches else (study.rows_of(x), study.labels_of(given.get("y")))
            if X is None or X.ndim == 0 or len(X) == 0:
                return
            outputs = study.outputs_of(result) if served.how != "evaluate" else None
            if outputs is not None and batches:
                outputs = outputs[: len(X)]
                X = X[: len(outputs)]
                y = None if y is None else y[: len(outputs)]
            served.add(X, y, outputs)
            study.serve(served)

        return finish

    def predict(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """Rows and outputs of ``predict``."""
        return self._served("predict", original, model, args, kwargs)

    def predict_on_batch(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """Rows and outputs of ``predict_on_batch``."""
        return self._served("predict", original, model, args, kwargs)

    def evaluate(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """Labelled rows of ``evaluate``."""
        return self._served("evaluate", original, model, args, kwargs)

    def test_on_batch(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """Labelled rows of ``test_on_batch``."""
        return self._served("evaluate", original, model, args, kwargs)

    def call(self, original: Any, model: Any, args: Any, kwargs: Any) -> Turn | None:
        """``model(x)`` by the user's own hand, outside of any Keras method."""
        if self.session.depth:
            return None
        self.flush()
        training = self.session.loops.call(model, args, kwargs)
        if training is not None and self.session.loops.steps_may_follow(model):
            return self._perhaps_served(training, model, args, kwargs)
        x = args[0] if args else None
        if x is None or not _is_concrete(x):
            return training
        study = self.session.instances.serving_study(model)
        if study is None:
            return training
        turn = Turn(args, kwargs) if training is None else training
        served = Served("call", user_place(), study.n_updates, training=in_training(args, kwargs))
        study.sources.setdefault("predict", user_line())
        if training is None:
            self.session.depth += 1
            turn.stack.callback(self.leave)
        trained = turn.finish

        def finish(result: Any) -> None:
            trained(result)
            X, outputs = study.rows_of(x), study.outputs_of(result)
            if X is not None and X.ndim > 0 and outputs is not None and len(outputs) == len(X):
                served.add(X, None, outputs)
                study.serve(served)

        turn.finish = finish
        return turn

    def _perhaps_served(self, turn: Turn, model: Any, args: Any, kwargs: Any) -> Turn:
        """On PyTorch every call is recorded: it trained if ``backward`` follows, and served if not."""
        study, x = self.session.instances.serving_study(model), args[0] if args else None
        if study is None or study.flavor.backend != "torch" or x is None or not _is_concrete(x):
            return turn
        served = Served("call", user_place(), study.n_updates, training=in_training(args, kwargs))
        line, looked = user_line(), turn.finish

        def finish(result: Any) -> None:
            looked(result)

            def keep() -> None:
                X, outputs = study.rows_of(x), study.outputs_of(result)
                if X is not None and X.ndim > 0 and outputs is not None and len(outputs) == len(X):
                    study.sources.setdefault("predict", line)
                    served.add(X, None, outputs)
                    study.serve(served)

            self.unclaimed = keep

        turn.finish = finish
        return turn


def _joined(batches: list[tuple[Any, ...]]) -> tuple[Any, Any]:
    X = np.concatenate([batch[0] for batch in batches])
    labelled = all(len(batch) > 1 and batch[1] is not None for batch in batches)
    return X, np.concatenate([batch[1] for batch in batches]) if labelled else None


def _is_concrete(x: Any) -> bool:
    """An array or an eager tensor (or several), not a symbol in a graph that is being built."""
    parts = parts_of(x)
    if parts is not None:
        return all(_is_concrete(one) for one in parts.values())
    if isinstance(x, np.ndarray):
        return True
    return hasattr(x, "shape") and (hasattr(x, "numpy") or hasattr(x, "detach")) and not hasattr(x, "_keras_history")
