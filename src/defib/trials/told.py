"""The runs of one arm as a trial, held against the control."""

from __future__ import annotations

from collections.abc import Sequence

from defib.diagnosis import Trial
from defib.trials.judge import Run, judge


def told(name: str, does: str, runs: Sequence[Run], control: Sequence[Run]) -> Trial:
    """The trial of this name; ``control`` is what it is paired with, seed by seed."""
    judged = judge(control, runs) if name != "control" else None
    return Trial(
        intervention=name,
        arm="control" if judged is None else "treated",
        does=does,
        seeds=tuple(run.seed for run in runs),
        recovery=tuple(run.recovery for run in runs),
        prediction_spread=tuple(run.spread for run in runs),
        score=tuple(run.score for run in runs),
        effect=judged.effect if judged else None,
        interval=judged.interval if judged else None,
        sufficient=judged.sufficient if judged else False,
        undecided=judged is not None and not judged.sufficient and any(run.recovered for run in runs),
        seconds=sum(run.seconds for run in runs),
    )
