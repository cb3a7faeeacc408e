"""No clipping of gradients."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, learning_rate, maybe, optimizer_call
from defib.probes.clipping import ClippingFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    facts = maybe(book, ClippingFacts)
    return None if facts is not None and facts.how is not None else "no gradient is clipped"


def _code(book: Book, framework: str) -> str:
    rate = learning_rate(book)
    made = optimizer_call(book, framework, f"{rate if rate is not None else 1e-3:.4g}")
    facts = maybe(book, ClippingFacts)
    norm = 1.0 if facts is None or not facts.norm_initial else 10 * facts.norm_initial
    return by_framework(
        framework,
        keras=f"""
        optimizer = {made}  # without clipnorm, clipvalue and global_clipnorm
        """,
        torch=f"""
        # leave the clipping out, or far above the usual norm of the gradient
        torch.nn.utils.clip_grad_norm_(model.parameters(), {norm:.3g})
        """,
        jax=f"""
        optimizer = {made}  # without optax.clip_by_global_norm, clip and adaptive_grad_clip
        """,
    )


INTERVENTION = Intervention(
    name="clip-off",
    does="leave the gradients unclipped",
    kind="train",
    arm=lambda book: Arm(clipped=False),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
