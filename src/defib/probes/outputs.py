"""The symptom as evidence: what the outputs show, on which rows, at which weights."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Evidence
from defib.symptom import Symptom


@dataclass(frozen=True)
class SymptomFacts(Evidence):
    """The symptom seen from three sides, so that a cause can say where it starts."""

    symptom: Symptom
    """Of the predict rows, as the user saw them."""
    training_symptom: Symptom | None
    """Of the same network on its training rows: evaluation mode, weights of the end."""
    initial_symptom: Symptom | None
    """Of the network at the initial weights; ``None`` when they are not known."""
    user_outputs_match: bool | None
    """Whether the user's recorded outputs equal what the final weights give for the same rows; ``None`` when
    no outputs were recorded."""
