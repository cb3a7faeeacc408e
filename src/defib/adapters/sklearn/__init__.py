"""scikit-learn's multi-layer perceptrons, alone or at the end of a pipeline or search, as a Subject."""

from __future__ import annotations

from defib.adapters.sklearn.captured import Captured
from defib.adapters.sklearn.memory import subject_from_model
from defib.adapters.sklearn.subject import SklearnSubject

__all__ = ["Captured", "SklearnSubject", "subject_from_model"]
