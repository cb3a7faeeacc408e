"""How far the trainings that are followed have come, for a sign of life."""

from __future__ import annotations

from defib.adapters.torch.clone import unwrapped
from defib.capture.pulse import Progress
from defib.capture.torch_session import Session


def progress_of(session: Session) -> list[Progress]:
    """One entry per training, in order of the first step."""
    return [
        Progress(
            " + ".join(type(unwrapped(entry.module)).__name__ for entry in study.entries),
            "torch",
            study.n_steps,
            study.ended - study.started,
            float(study.losses.values[-1]) if study.losses.values else None,
        )
        for study in session.studies.values()
    ]
