"""defib: your network predicts the same thing for every row; find out why, try the fix, prove it.

::

    import defib
    print(defib.diagnose(model, X_train, y_train, X_predict=X_test))

``import defib`` imports no framework, no scikit-learn and no NumPy; each name below is loaded on first use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from defib import jax
    from defib.diagnose import diagnose
    from defib.diagnosis import Assessment, Diagnosis, Fix, Hypothesis, NotAssessed, Trial
    from defib.errors import DefibError, InputError, MissingFrameworkError, ModelError
    from defib.integrations.watching import watch
    from defib.read_symptom import read_symptom
    from defib.recipe import Arm, LossFacts, OptimizerFacts, Recipe, TrainingRecipe
    from defib.recording import Recording, load
    from defib.subject import (
        ForwardPass,
        Gradient,
        Layer,
        LayerOutput,
        NotAvailable,
        Parameter,
        Rows,
        Subject,
        Trained,
        TrainingTrace,
    )
    from defib.symptom import Skill, Symptom

__version__ = "0.1.0"

__all__ = [
    "Arm",
    "Assessment",
    "DefibError",
    "Diagnosis",
    "Fix",
    "ForwardPass",
    "Gradient",
    "Hypothesis",
    "InputError",
    "Layer",
    "LayerOutput",
    "LossFacts",
    "MissingFrameworkError",
    "ModelError",
    "NotAssessed",
    "NotAvailable",
    "OptimizerFacts",
    "Parameter",
    "Recipe",
    "Recording",
    "Rows",
    "Skill",
    "Subject",
    "Symptom",
    "Trained",
    "TrainingRecipe",
    "TrainingTrace",
    "Trial",
    "__version__",
    "diagnose",
    "jax",
    "load",
    "read_symptom",
    "watch",
]

_MODULES = {
    "diagnosis": ("Assessment", "Diagnosis", "Fix", "Hypothesis", "NotAssessed", "Trial"),
    "integrations.notebook": ("load_ipython_extension",),
    "integrations.watching": ("watch",),
    "errors": ("DefibError", "InputError", "MissingFrameworkError", "ModelError"),
    "read_symptom": ("read_symptom",),
    "recipe": ("Arm", "LossFacts", "OptimizerFacts", "Recipe", "TrainingRecipe"),
    "recording": ("Recording", "load"),
    "subject": (
        *("ForwardPass", "Gradient", "Layer", "LayerOutput", "NotAvailable", "Parameter"),
        *("Rows", "Subject", "Trained", "TrainingTrace"),
    ),
    "symptom": ("Skill", "Symptom"),
}
CALLBACKS = ("keras", "lightning", "skorch", "transformers")
"""Modules with a ``Monitor`` for a framework's own training: ``defib.keras.Monitor``."""
_WHERE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in CALLBACKS:
        return import_module(f"defib.{name}")
    if name == "jax":
        return import_module("defib.jax")
    if name not in _WHERE:
        raise AttributeError(f"module 'defib' has no attribute {name!r}")
    return getattr(import_module(f"defib.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps `diagnose` and `read_symptom` the functions, although modules of these names exist.

    Importing a submodule sets it as an attribute of its package; without this, what ``defib.diagnose``
    means would depend on who imported what first.
    """

    @property
    def diagnose(self) -> Any:
        """The function `defib.diagnose.diagnose`."""
        from defib.untouched import same_random_state

        with same_random_state():
            return import_module("defib.diagnose").diagnose

    @diagnose.setter
    def diagnose(self, module: ModuleType) -> None: ...

    @property
    def read_symptom(self) -> Any:
        """The function `defib.read_symptom.read_symptom`."""
        return import_module("defib.read_symptom").read_symptom

    @read_symptom.setter
    def read_symptom(self, module: ModuleType) -> None: ...


if not TYPE_CHECKING:
    sys.modules[__name__].__class__ = _Package
