"""`assert_not_flat`, and the error whose message is the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from defib.findings import check_kinds, failing

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis
    from defib.recipe import Recipe
    from defib.subject import AnyArray


class FlatModelError(AssertionError):
    """A model has a finding that the test does not allow. The message is the report of each such model."""

    def __init__(self, diagnoses: Sequence[Diagnosis], fail_on: Sequence[str]) -> None:
        self.diagnoses = tuple(diagnoses)
        names = ", ".join(one.model for one in diagnoses)
        reports = "\n".join(str(one) for one in diagnoses)
        AssertionError.__init__(self, f"{names}: not allowed here is {' or '.join(fail_on)}\n\n{reports}")


def assert_not_flat(
    model: Any,
    X: AnyArray,
    y: AnyArray | None = None,
    *,
    X_predict: AnyArray | None = None,
    recipe: Recipe | None = None,
    fail_on: Sequence[str] = ("flat",),
    trials: bool = False,
    budget: float | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Diagnose a trained model and raise when it is flat. Returns the diagnosis otherwise.

    Args:
        model: the trained Keras, PyTorch or scikit-learn model; it is looked at and never changed.
        X: the rows it was trained on, ``(n_rows, ...)``, as they arrive at the model.
        y: their labels, ``(n_rows, ...)``; without them less can be said about the cause.
        X_predict: other rows whose predictions are judged; the training rows when not given.
        recipe: how a PyTorch model was trained, see `defib.Recipe`.
        fail_on: kinds of findings that fail, see `defib.findings`: ``flat``, ``nan``, ``one-class``, ``any``.
        trials: whether to try fixes on clones before failing; a test that fails quickly is worth more.
        budget: seconds for the trials.
        seed: for splits, trials and reference learners.

    Raises:
        FlatModelError: with the whole diagnosis as its message.
        defib.errors.DefibError: for a model or rows that cannot be looked at.
    """
    __tracebackhide__ = True
    from defib.diagnose import diagnose

    check_kinds(fail_on)
    found = diagnose(model, X, y, X_predict=X_predict, recipe=recipe, trials=trials, budget=budget, seed=seed)
    if failing([found], fail_on):
        raise FlatModelError([found], fail_on)
    return found
