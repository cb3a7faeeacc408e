"""The backends of Keras, one file each, and the lookup."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from defib.adapters.keras.backends.abstract import Backend
from defib.adapters.keras.flavor import Flavor

BACKENDS = {
    "tensorflow": "TensorFlowBackend",
    "torch": "TorchBackend",
    "jax": "JaxBackend",
}


class UnknownBackend(Exception):
    """Keras runs on something that cannot train (NumPy, OpenVINO)."""


def backend_of(flavor: Flavor) -> Backend:
    """The backend of a model's Keras. Raises `UnknownBackend`."""
    return _made(flavor.backend)


@cache
def _made(name: str) -> Backend:
    if name not in BACKENDS:
        raise UnknownBackend(f"models of Keras on the {name} backend cannot be trained")
    made = getattr(import_module(f"defib.adapters.keras.backends.{name}"), BACKENDS[name])()
    assert isinstance(made, Backend)
    return made
