"""Which weights a JAX program predicted with: those of the last step, of the first, or others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from defib.adapters.jax.captured import Arrays, as_numpy
from defib.capture.jax_snapshot import is_lost, loaded
from defib.capture.jax_study import Study, weights_in
from defib.measures.likeness import UNCHANGED, drawn_alike, likeness, way_gone
from defib.subject import WeightsOrigin


def twin_among(objects: Any, model: Any) -> Any:
    """The network that is trained, or else another one of its class; ``None`` without one."""
    alike = [one for one in objects if type(one) is type(model)]
    return next((one for one in alike if one is model), alike[0] if alike else None)


def weights_given(study: Study, given: Any, objects: Any = ()) -> Mapping[str, Any] | None:
    """The weights that a call predicted with: of another NNX network, or handed over; ``None`` where none are seen."""
    if study.model is None:
        return weights_in(given, study.initial)
    twin = twin_among(objects, study.model)
    nnx = loaded("flax.nnx")
    if twin is None or twin is study.model or nnx is None:
        return None
    from defib.adapters.jax.nnx import weights_of

    return weights_in(weights_of(twin), study.initial)


def origin_of(study: Study, given: Mapping[str, Any] | None, end: Arrays) -> WeightsOrigin | None:
    """Where these weights come from; ``None`` where they, or those that the training left, are not known.

    An NNX network that is not another one has the trained weights.
    """
    if study.model is not None and given is None:
        return WeightsOrigin(False, 1.0, None)
    known = given is not None and not any(map(is_lost, given.values()))
    if given is None or not known or (study.model is None and not study.results and not study.kept_nothing):
        return None
    names = [name for name, one in study.initial.items() if jnp.issubdtype(one.dtype, jnp.floating)]
    mine, start, theirs = ([as_numpy(side[name]) for name in names] for side in (given, study.initial, end))
    like = likeness(mine, theirs)
    another = like < UNCHANGED
    way = way_gone(mine, start, theirs) if another else None
    put_in = another and study.model is None
    return WeightsOrigin(
        another, like, likeness(mine, start), drawn_alike(mine, start) if another else None, way, put_in=put_in
    )
