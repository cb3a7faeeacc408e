"""Padding in front of the rows, so that a recurrent layer ends on a real step."""

from __future__ import annotations

import numpy as np

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.activations import ActivationFacts
from defib.probes.inputs import InputFacts
from defib.recipe import Arm, InputTransform


def _applies(book: Book) -> str | None:
    if not any(state.kind == "recurrent" for state in book.get(ActivationFacts).end):
        return "no layer is recurrent"
    return "most rows end on a real step" if book.get(InputFacts).padded_end is None else None


def _arm(book: Book) -> Arm:
    padding = book.get(InputFacts).padded_end
    return Arm(inputs=InputTransform(np.zeros(()), np.ones(()), "pad in front", padding=padding or 0.0))


def _code(book: Book, framework: str) -> str:
    inputs = book.get(InputFacts)
    held = ".any(dim=-1)" if inputs.kind == "sequence" else ""
    value = f"{inputs.padded_end or 0.0:g}"
    return by_framework(
        framework,
        keras=f"""
        # sequences: the rows before they were padded; the same for X_new
        X_train = keras.utils.pad_sequences(sequences, maxlen=X_train.shape[1], padding="pre", value={value})
        # or leave X_train as it is, and let the layer skip the padding: keras.layers.Embedding(..., mask_zero=True)
        """,
        torch=f"""
        lengths = (X_train != {value}){held}.sum(dim=1)  # the same for X_new
        X_train = torch.stack([row.roll(len(row) - int(n), 0) for row, n in zip(X_train, lengths)])
        # or leave X_train as it is, and read: outputs[torch.arange(len(x)), lengths - 1], not outputs[:, -1]
        """,
    )


INTERVENTION = Intervention(
    name="pad-in-front",
    does="put the padding in front of the rows, or read the recurrent layer at each row's last real step",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)
