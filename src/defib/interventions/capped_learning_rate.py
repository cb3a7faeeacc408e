"""No learning rate above the one at which the network learnt, everything else as recorded."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.collapse import CollapseFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    facts = book.get(CollapseFacts)
    if facts.lost_at is None:
        return "nothing that was learnt was lost"
    risen = facts.rate_learnt is not None and facts.rate_lost is not None and facts.rate_lost > facts.rate_learnt
    return None if risen else "the learning rate did not rise"


def _code(book: Book, framework: str) -> str:
    facts = book.get(CollapseFacts)
    rate = f"{facts.rate_learnt:.4g}" if facts.rate_learnt is not None else "learning_rate"
    was = "" if facts.rate_lost is None else f"  # rose to {facts.rate_lost:.4g}, and what was learnt was lost"
    return by_framework(
        framework,
        jax=f"""
        schedule = lambda count: jnp.minimum(planned(count), {rate}){was}
        """,
        keras=f"""
        # in the schedule, or in what you compile the second time:
        learning_rate = min(learning_rate, {rate}){was}
        """,
        torch=f"""
        # after every scheduler.step(), and for a second optimizer:
        for group in optimizer.param_groups:
            group["lr"] = min(group["lr"], {rate}){was}
        """,
    )


INTERVENTION = Intervention(
    name="capped-learning-rate",
    does="keep the learning rate from rising above the one at which the network learnt",
    kind="train",
    arm=lambda book: Arm(rate_cap=book.get(CollapseFacts).rate_learnt),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
