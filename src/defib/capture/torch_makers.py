"""What can be said of a training without a Subject of its own: networks that take turns, steps that were not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from defib.adapters.torch.captured import Captured
from defib.adapters.torch.clone import unwrapped
from defib.adapters.torch.door import plain_door
from defib.adapters.torch.subject import TorchSubject
from defib.capture.torch_evals import EvalLog
from defib.capture.torch_session import Session
from defib.capture.torch_sharded import SHARDED
from defib.capture.torch_study import Entry, Study
from defib.recipe import TrainingRecipe
from defib.subject import Rows, TrainingTrace

TURNS = (
    "two networks took turns, one trained through the other that judges it (adversarial training, actor and critic): "
    "the judge is not diagnosed, since at its best it says the same of everything; of this one the outputs are looked "
    "at, and what needs labels or the loss was not assessed"
)


def makers(session: Session, judges: frozenset[int]) -> list[Entry]:
    """The networks that a judge stands behind: trained by an optimizer, and never without it."""
    alone = {key for keys in session.studies if not judges & set(keys) for key in keys}
    held = set().union(*(watch.held for watch in session.optimizers.values()))
    return [
        entry
        for key, entry in session.entries.items()
        if judges and key not in judges | alone and held & {id(one) for one in entry.module.parameters()}
    ]


PAIRED = (
    "the loss joins several calls of the network per step (pairs, triplets, views of a row): it was not repeated; the "
    "outputs of single rows are looked at, and what needs labels or the loss was not assessed"
)


JOINED = (
    "the loss joins several calls of the network per step (pairs, triplets, views of a row): the outputs of single "
    "rows are looked at, and what needs labels of a row was not assessed"
)


def paired_entry(session: Session, study: Study) -> Entry | None:
    """The network that was called several times per step, side by side; of several such, the one asked alone later."""
    if study.first.composite is None or not (len(study.entries) == 1 or study.first.compares):
        return None
    if len(study.entries) == 1:
        return study.entries[0]
    asked = [one for one in study.entries if session.evals.get((id(one.module),), EvalLog()).groups]
    return asked[0] if len(asked) == 1 else None


def by_outputs(
    session: Session,
    entry: Entry,
    note: str,
    recipe: TrainingRecipe | None = None,
    trace: TrainingTrace | None = None,
) -> TorchSubject | None:
    """A network by what the program had it give after the training, without the loss; ``None`` if it was not asked."""
    groups = session.evals.get((id(entry.module),), EvalLog()).groups
    group = next((one for one in reversed(groups) if one.n_rows > 1), None)
    if group is None or entry.initial is None:
        return None
    recipe, trace = recipe or TrainingRecipe(), trace or TrainingTrace()
    X = group.rows()
    module = unwrapped(entry.module)
    dtype = next(module.parameters()).dtype
    return TorchSubject(
        Captured(module=module, door=plain_door(X, dtype), initial=entry.initial, loaded=entry.loaded),
        replace(recipe, loss=None, sources={**recipe.sources, **({"predict": group.line} if group.line else {})}),
        replace(trace, notes=(note, *trace.notes)),
        name=type(module).__name__,
        prediction=Rows(X, None, group.n_seen, "predict"),
        prediction_outputs=group.predictions(0),
    )


NOT_CUT = (
    "the weights are plain tensors in no torch.nn.Module, and no single tensor stands between them and the labels "
    "(several networks in one step, several outputs, a step of thousands of calls): put them and the forward pass into "
    "one torch.nn.Module"
)


FUNCTIONAL: Final = (
    "the model was called through torch.func.functional_call (by itself, or under grad and vmap), with weights that "
    "are handed to it: which step changes them is not seen; give what was trained to defib.diagnose(model, X, y)"
)


def unseen(session: Session, *, judges: bool) -> list[str]:
    """Why nothing could be followed although something was trained."""
    found = []
    if session.sharded:
        found.append(SHARDED.format(name=session.sharded))
    elif judges:
        found.append(f"{TURNS.partition(':')[0]}, and neither was called again after the training")
    elif session.loose.failed and not session.studies:
        found.append(NOT_CUT)
    elif session.functional and not session.studies:
        found.append(FUNCTIONAL)
    elif session.n_steps and not session.studies:
        found.append(
            f"an optimizer took {session.n_steps:,} steps, but no call of a module was seen before them: either a "
            "whole step ran under torch.compile (compile the model instead), or the weights are plain tensors, which "
            "are followed from their second step on (or put them and the forward pass into one torch.nn.Module)"
        )
    elif session.unseen:
        found.append(
            f"backward ran {session.unseen:,} times on a loss that comes from no call of a module (weights that are "
            "plain tensors); put them into a torch.nn.Module"
        )
    elif session.functional:
        found.append(FUNCTIONAL)
    return found
