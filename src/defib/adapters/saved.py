"""Load a trained model from the file that its framework wrote. The only place where defib imports a framework unasked.

A pickle (``.joblib``, ``.pkl``, ``.pt``) runs code when it is loaded: the caller decides whether the file is trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from defib.errors import InputError, MissingFrameworkError


def _keras(path: Path) -> Any:
    return import_module("keras").models.load_model(path)


def _joblib(path: Path) -> Any:
    return import_module("joblib").load(path)


def _torch(path: Path) -> Any:
    return import_module("torch").load(path, map_location="cpu", weights_only=False)


LOADERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    ".keras": ("keras", _keras),
    ".h5": ("keras", _keras),
    ".hdf5": ("keras", _keras),
    ".joblib": ("joblib", _joblib),
    ".pkl": ("joblib", _joblib),
    ".pickle": ("joblib", _joblib),
    ".pt": ("torch", _torch),
    ".pth": ("torch", _torch),
}
"""File ending → the framework that reads it, and how."""


def load_model(path: Path) -> Any:
    """The model in this file.

    Raises `InputError` when there is no such file, its ending is unknown, or it holds no whole model; and
    `MissingFrameworkError` when its framework is not installed.
    """
    framework, load = LOADERS.get(path.suffix.lower(), ("", None))
    if load is None:
        raise InputError(
            "unknown-model-format",
            came=f"the model {path} ends in {path.suffix or 'nothing'}",
            expected=f"one of the endings {', '.join(LOADERS)}",
            write="model.save('model.keras')  # or joblib.dump(model, 'model.joblib'), torch.save(model, 'model.pt')",
        )
    if not path.is_file():
        raise InputError(
            "no-such-file",
            came=f"the file {path} does not exist (working directory {Path.cwd()})",
            expected="a trained model that its framework has saved",
            write=f"defib diagnose path/to/model{path.suffix} X_train.npy --labels y_train.npy",
        )
    model = _loaded(path, framework, load)
    if isinstance(model, dict):
        raise InputError(
            "weights-without-model",
            came=f"{path} holds a dictionary of {len(model)} entries (weights, most likely) and no network",
            expected="the whole model, or a program that builds it and loads the weights",
            write=f"torch.save(model, {path.name!r})  # or defib.diagnose(model, X, y) after load_state_dict",
        )
    return model


def _loaded(path: Path, framework: str, load: Callable[[Path], Any]) -> Any:
    try:
        return load(path)
    except ModuleNotFoundError as error:
        if error.name == framework:
            raise MissingFrameworkError(
                "framework-missing",
                came=f"{path} was saved by {framework}, which is not installed",
                expected="the framework in the same environment as defib",
                write=f"pip install 'defib[{framework}]'" if framework != "joblib" else "pip install joblib",
            ) from None
        reason = f"{type(error).__name__}: {error}"
    except Exception as error:  # whatever a stranger's file makes a loader raise
        reason = f"{type(error).__name__}: {error}"
    raise InputError(
        "unreadable-model",
        came=f"{path} could not be loaded: {reason.splitlines()[0][:300]}",
        expected="a whole model whose classes can be imported here",
        write="defib.diagnose(model, X_train, y_train)  # in the program that defines the classes",
    )
