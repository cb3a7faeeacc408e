"""Versions of what took part, for the report's provenance."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = {
    "keras": ("keras", "tensorflow"),
    "torch": ("torch",),
    "sklearn": (),
    "numpy": (),
    "jax": ("jax", "flax", "optax"),
}


def versions(framework: str) -> dict[str, str]:
    """Versions of Python, defib, NumPy and the framework, by name; what is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in ("defib", "numpy", "scikit-learn", *PACKAGES.get(framework, ())):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
