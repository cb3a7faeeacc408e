"""Every part of the input on the way to the output."""

from __future__ import annotations

from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.alone import AloneFacts
from defib.probes.masked import MaskedFacts
from defib.recipe import Arm

POSITION = """
    # in place of the position that is the same in every row: one that has seen the others
    read = hidden.mean(1)  # as tried; or the last word, hidden[:, -1] (with padding behind: the last real one)
    """


ROWS_LEAD = """
    # where {layer} is made: its first axis is that of the rows, as tried
    batch_first=True
    """


def _along_rows(book: Book) -> str | None:
    facts = maybe(book, AloneFacts)
    return None if facts is None else facts.along_rows


def _says(book: Book) -> str | None:
    layer = _along_rows(book)
    return None if layer is None else f"let {layer} go along each row's own steps, not along the rows"


def _code(book: Book, framework: str) -> str:
    if (layer := _along_rows(book)) is not None:
        return by_framework(framework, keras="", torch=ROWS_LEAD.format(layer=layer))
    facts = maybe(book, MaskedFacts)
    if facts is not None and facts.cut_behind_attention:
        return by_framework(framework, keras=POSITION, torch=POSITION)
    return by_framework(
        framework,
        keras="""
    with tf.GradientTape() as tape:
        rows = tf.Variable(X_train[:8])
        total = tf.reduce_sum(model(rows))
    print(abs(tape.gradient(total, rows)).numpy().max(axis=0))  # 0, or an error: not read
    """,
        torch="""
    rows = X_train[:8].clone().requires_grad_(True)
    model(rows).sum().backward()
    print(rows.grad.abs().amax(dim=0))  # 0, or an error: this column is not read
    """,
    )


def _arm(book: Book) -> Arm:
    if _along_rows(book) is not None:
        return Arm().with_edit("rows_lead")
    facts = maybe(book, MaskedFacts)
    if facts is None or not facts.cut_behind_attention or facts.step is None:
        raise Missing("MaskedFacts", "the wiring that is meant, which only its author knows")
    return Arm().with_edit("pooled", facts.step)


INTERVENTION = Intervention(
    name="wire-inputs",
    does="let every part of the input reach the output",
    kind="train",
    arm=_arm,
    says=_says,
    code=_code,
    size=2,
)
