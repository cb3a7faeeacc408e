"""JAX networks as a Subject: plain functions, Flax Linen and Flax NNX modules, trained with optax."""

from __future__ import annotations

from defib.adapters.jax.captured import Captured, OptimizerRecord
from defib.adapters.jax.memory import subject, subject_from_model
from defib.adapters.jax.subject import JaxSubject

__all__ = ["Captured", "JaxSubject", "OptimizerRecord", "subject", "subject_from_model"]
