"""Two faults, one of them in the rows served: what mends the training is proven together with what mends these.

Every clone was scored twice: on held-out rows as trained on, which tells of the training, and as the program serves
them, which is what the user gets. Told by the second, a change to the training alone is not enough, nor are right rows
for a network that learnt nothing; where both together are, that set is the fix. Nothing more is trained for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from defib.catalogue import load as load_cause
from defib.diagnosis import TOGETHER, Hypothesis, Trial
from defib.interventions.table import load as load_intervention
from defib.trials.judge import Run
from defib.trials.outcome import Campaign
from defib.trials.told import told

SERVED = frozenset({"same-pipeline", "vary-rows"})
"""Changes to the rows served: nothing in the training."""
SAID = "in the trials, held-out rows are scored as the program serves its rows; {mend} scores them as trained on"


def told_as_served(campaign: Campaign, causes: Sequence[Hypothesis]) -> Campaign:
    """The campaign with its trials told as the program serves its rows, where a cause that is named lies there, too.

    As it is where a change to the training is enough on such rows as well, or none is with both. What the trials say
    for and against causes of the training (``outcomes``) stays.
    """
    mend = next((fix for one in causes for fix in load_cause(one.code).fixes if fix in SERVED), None)
    if mend is None or campaign.control_recovered:
        return campaign
    trials = _both(campaign, mend)
    enough = [one for one in trials if one.sufficient]
    if not enough or any(mend not in one.changes for one in enough):
        return campaign
    return replace(campaign, trials=trials, notes=(*campaign.notes, SAID.format(mend=mend)))


def _both(campaign: Campaign, mend: str) -> tuple[Trial, ...]:
    """Every arm on rows as served, then those that recovered as trained on, together with what mends the rows."""
    served = {name: [run.as_served for run in runs if run.as_served] for name, runs in campaign.runs.items()}
    control, does = served.get("control", []), {one.intervention: one.does for one in campaign.trials}
    if not control:
        return ()
    rightly = load_intervention(mend).does

    def right(name: str, says: str, runs: Sequence[Run]) -> Trial:
        return told(name, says, runs, control)

    alone = [told(name, does[name], runs, control) for name, runs in served.items() if runs and name in does]
    alone.insert(1, right(mend, rightly, campaign.runs["control"]))
    recovered = [name for name, runs in campaign.runs.items() if name != "control" and any(r.recovered for r in runs)]
    both = [right(f"{name}{TOGETHER}{mend}", f"{does[name]}, and {rightly}", campaign.runs[name]) for name in recovered]
    return (*alone, *both)
