"""A mask the other way round: the words take part, and the padding is left out."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.activations import ActivationFacts
from defib.probes.masked import MaskedFacts
from defib.recipe import Arm

NO_MASKS = frozenset(
    {"sub", "div", "clamp", "clip", "round", "floor", "ceil", "trunc", "sign", "sum", "mean", "getitem"}
)
"""Steps that hide the rows otherwise, by their name in a network of PyTorch."""


def _applies(book: Book) -> str | None:
    facts, masked = maybe(book, ActivationFacts), maybe(book, MaskedFacts)
    attends = facts is not None and any(state.kind == "attention" for state in facts.end)
    step = None if masked is None else masked.step
    inside = step is not None and step.partition(":")[2].partition("#")[0] not in NO_MASKS
    return None if attends or inside else "no step of the network is seen to mask positions"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        keras="""
        # in attention_mask True marks what takes part: the words, not the padding
        attended = layer(query, value, attention_mask=(tokens != 0)[:, np.newaxis, :])
        """,
        torch="""
        # in key_padding_mask True marks what is left out: the padding, not the words
        attended, _ = attention(query, words, words, key_padding_mask=tokens == 0)
        # in attention_mask (Transformers) 1, in attn_mask (scaled_dot_product_attention) True marks what takes part
        """,
        jax="""
        # in mask True marks what takes part: the words, not the padding
        attended = attention(query, words, mask=jnp.expand_dims(tokens != 0, (1, 2)))
        """,
    )


INTERVENTION = Intervention(
    name="turn-mask",
    does="turn the mask around that the network makes of its rows: what it leaves out takes part",
    kind="train",
    arm=lambda book: Arm().with_edit("turned_masks"),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
