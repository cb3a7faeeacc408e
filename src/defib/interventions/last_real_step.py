"""What the head reads from a recurrent layer: the last real step, not the padding behind it."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.activations import ActivationFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    recurrent = any(state.kind == "recurrent" for state in book.get(ActivationFacts).end)
    return None if recurrent else "no layer is recurrent"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        lengths = (tokens != 0).sum(axis=1)
        last = outputs[jnp.arange(len(tokens)), lengths - 1]  # not outputs[:, -1], which is padding
        """,
        keras="""
    # mask the padding (or pad in front: keras.utils.pad_sequences(sequences, padding="pre"))
    x = keras.layers.Embedding(n_tokens, n_units, mask_zero=True)(tokens)
    x = keras.layers.LSTM(n_units)(x)
    """,
        torch="""
    lengths = (tokens != 0).sum(dim=1)
    outputs, _ = rnn(embedding(tokens))
    last = outputs[torch.arange(len(tokens)), lengths - 1]  # not outputs[:, -1]; or, as tried, outputs.mean(1)
    """,
    )


INTERVENTION = Intervention(
    name="last-real-step",
    does="read the recurrent layer at each row's last real step, or pool it over time",
    kind="train",
    arm=lambda book: Arm().with_edit("pooled"),
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)
