"""From a study whose loss joins several rows per step to what repeats it."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np

from defib.adapters.torch.captured import Captured
from defib.adapters.torch.paired import TorchPaired
from defib.adapters.torch.subject import TorchSubject
from defib.capture.torch_study import Study
from defib.recipe import TrainingRecipe
from defib.subject import NotAvailable, Rows, TrainingTrace


def paired_of(study: Study, captured: Captured, recipe: TrainingRecipe, trace: TrainingTrace) -> TorchPaired | None:
    """The training by what it joins; ``None`` where a step of it cannot be repeated.

    ``captured``: as for any training, with the door of its steps.
    """
    joined, pairs = study.first.joined, study.first.pairs
    if joined is None or pairs is None or captured.door is None or study.outside is not None or study.unrepeatable:
        return None
    sample = study.rows.finish()
    if sample is None or not (joined.replayable or study.extras.known):
        return None
    X, y = sample
    if joined.program.of("label") and y is None:
        return None
    inner = TorchSubject(
        replace(
            captured,
            program=joined.program,
            selected=pairs.members[0].outputs[0],
            folded=(),
            link="identity",
            only_full=study.first.door.n_rows,
        ),
        replace(recipe, loss=joined.facts),
        trace,
        name=type(captured.module).__name__,
        training=Rows(np.asarray(X), y),
    )
    with contextlib.suppress(NotAvailable):
        return TorchPaired(inner, pairs.members, pairs.partners, pairs.likeness)
    return None
