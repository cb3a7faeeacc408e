"""What to write instead of handing over something that is no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from defib.errors import ModelError

EXPECTED: Final = (
    "a keras.Model, a torch or flax.nnx Module, a Trainer of Transformers or Lightning, an MLP of scikit-learn, "
    "or your own defib.Subject"
)
INSIDE: Final[Mapping[str, str]] = {
    "CalibratedClassifierCV": "model.calibrated_classifiers_[0].estimator",
    "OneVsRestClassifier": "model.estimators_[0]",
    "OneVsOneClassifier": "model.estimators_[0]",
    "OutputCodeClassifier": "model.estimators_[0]",
    "MultiOutputClassifier": "model.estimators_[0]",
    "MultiOutputRegressor": "model.estimators_[0]",
    "BaggingClassifier": "model.estimators_[0]",
    "BaggingRegressor": "model.estimators_[0]",
    "VotingClassifier": "model.estimators_[0]",
    "VotingRegressor": "model.estimators_[0]",
    "StackingClassifier": "model.estimators_[0]",
    "StackingRegressor": "model.estimators_[0]",
    "AdaBoostRegressor": "model.estimators_[0]",
}
"""Estimators of scikit-learn that hold networks → the first one in them."""


def unknown_model(model: Any) -> ModelError:
    """The error for a model of no known framework; it names what the model may have been meant to be."""
    kind = type(model)
    came, write = f"the model is a {kind.__module__}.{kind.__qualname__}", "defib.diagnose(model, X_train, y_train)"
    for fits, text in HINTS:
        if fits(model):
            write = text
            break
    else:
        if kind.__name__ in INSIDE:
            write = f"defib.diagnose({INSIDE[kind.__name__]}, X_train, y_train)  # one of the networks in it"
    return ModelError("unknown-model", came=came, expected=EXPECTED, write=write)


def _is_path(model: Any) -> bool:
    return isinstance(model, str | Path)


def _is_state(model: Any) -> bool:
    return isinstance(model, Mapping) and bool(model) and all(hasattr(one, "shape") for one in model.values())


def _is_validated(model: Any) -> bool:
    return isinstance(model, Mapping) and "test_score" in model


def _is_array(model: Any) -> bool:
    return hasattr(model, "shape") and hasattr(model, "dtype")


def _is_function(model: Any) -> bool:
    return callable(model) and not isinstance(model, type) and hasattr(model, "__code__")


HINTS: Final[tuple[tuple[Callable[[Any], bool], str], ...]] = (
    (_is_path, "defib diagnose model.keras X.npy --labels y.npy  # or load it: defib.diagnose(load_model(path), X, y)"),
    (_is_state, "model.load_state_dict(state); defib.diagnose(model, X_train, y_train)"),
    (_is_validated, "cross_validate(..., return_estimator=True)['estimator'][0]  # one of the fitted networks"),
    (_is_array, "defib.read_symptom(predictions, y=y)  # of predictions alone, or the model before them"),
    (lambda one: isinstance(one, type), "model = Model(...); defib.diagnose(model, X_train, y_train)"),
    (_is_function, "defib.diagnose(defib.jax.subject(apply, params, X, y, loss=loss))  # or the module that it calls"),
    (lambda one: type(one).__name__ == "History", "defib.diagnose(history.model, X_train, y_train)"),
    (
        lambda one: hasattr(one, "coef_"),
        "defib.read_symptom(model.predict(X), y=y)  # a linear model has no layers: its predictions alone",
    ),
)
