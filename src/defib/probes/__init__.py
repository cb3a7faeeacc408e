"""One file per probe; `all_probes` gives them in the order in which they run, each after what it reads."""

from __future__ import annotations

from importlib import import_module

from defib.evidence import Probe

ORDER = (
    "inputs",
    "columns",
    "labels",
    "training",
    "collapse",
    "gradients",
    "clipping",
    "updates",
    "penalty",
    "output_penalty",
    "initialization",
    "activations",
    "head",
    "preferences",
    "undefined",
    "modes",
    "code",
    "embeddings",
    "pairs",
    "serving",
    "loading",
    "outputs",
    "weighting",
    "histograms",
    "shown",
    "remembered",
    "alone",
    "mixing",
    "reference",
    "before",
    "reach",
    "masked",
)
"""Modules below ``defib.probes``, each holding ``PROBE``. Labels come before what is judged by them."""


def all_probes(seed: int = 0) -> tuple[Probe, ...]:
    """The table, loaded on call: importing one probe's evidence class must not import the other probes.

    ``seed`` reaches the reference learners, the only probe that draws random numbers of its own.
    """
    modules = [import_module(f"defib.probes.{name}") for name in ORDER]
    return tuple(module.probe(seed) if hasattr(module, "probe") else module.PROBE for module in modules)


def __getattr__(name: str) -> tuple[Probe, ...]:
    if name == "PROBES":
        return all_probes()
    raise AttributeError(name)
