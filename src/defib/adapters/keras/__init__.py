"""Keras 3 and the legacy ``tf_keras``: any model with one input and one output as a Subject."""

from __future__ import annotations

from defib.adapters.keras.memory import subject_from_model
from defib.adapters.keras.subject import Captured, KerasSubject

__all__ = ["Captured", "KerasSubject", "subject_from_model"]
