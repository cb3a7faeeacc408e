"""What the loss asks for, as two causes read it. Private; not a cause."""

from __future__ import annotations

from dataclasses import dataclass

from defib.causes._signs import num, served_fine
from defib.diagnosis import Assessment, ruled_out
from defib.evidence import Book
from defib.probes.head import HeadFacts
from defib.probes.preferences import PreferenceFacts


@dataclass(frozen=True)
class Unwanted:
    """The loss does not prefer right answers to a constant."""

    because: str
    numbers: dict[str, float]
    encoding: bool
    """The number of columns of labels and outputs differs: each label is held against another one's output."""


def unwanted(book: Book) -> Unwanted | Assessment:
    """Why the loss does not ask for right answers, or the verdict when it does, or when another fault is the reason."""
    facts, head = book.get(PreferenceFacts), book.get(HeadFacts)
    right, constant, wrong = facts.right_loss, facts.constant_loss, facts.wrong_loss
    numbers = {"loss_if_all_right": right, "loss_if_constant": constant}
    if facts.prefers_right:
        text = f"the loss prefers right answers ({num(right)}) to the best constant ({num(constant)})"
        return ruled_out(text, layer=None, **numbers)
    if head.broadcasts:
        return ruled_out("every prediction is held against every label, which comes first", layer=None, **numbers)
    if head.activation == "softmax" and head.units == 1:
        return ruled_out("a softmax over one unit can say nothing else, whatever the loss", layer=None, **numbers)
    if head.dimmed_labels is not None:
        return ruled_out("the labels are no 0 and 1, which comes first", layer=None, **numbers)
    if head.labels_outside > 0 and not _other_columns(head):
        return ruled_out("some labels are outside of what the head can say, which comes first", layer=None, **numbers)
    if calm := served_fine(book):
        return calm
    said = ", ".join(num(one) for one in facts.constant)
    because = (
        f"the loss {head.loss} is {num(constant)} when every row is answered with {said}, and {num(right)} when every "
        "row is answered right: it asks for nothing but a constant"
    )
    if facts.shuns_near and facts.nearly_loss is not None:
        numbers["loss_if_nearly_right"] = facts.nearly_loss
        zero = "beside a label of 0 the least miss costs more than all other labels together, so "
        because = (
            f"the loss {head.loss} is {num(constant)} when every row is answered with {said}, and "
            f"{num(facts.nearly_loss)} when every row is answered right within 1 %: {zero if facts.has_zeros else ''}"
            "it asks for that constant"
        )
    if facts.endless_loss is not None:
        numbers["loss_if_right_and_large"] = facts.endless_loss
        because = (
            f"the loss {head.loss} has no least value: {num(right)} for right answers, and {num(facts.endless_loss)} "
            f"for the same answers a thousand times as large, so the {head.activation} outputs only grow"
        )
    if facts.rewards_wrong and wrong is not None:
        numbers["loss_if_all_wrong"] = wrong
        because = (
            f"the loss {head.loss} is {num(wrong)} when every row is given another class than its own, and "
            f"{num(right)} when every row is answered right: it rewards mistakes"
        )
    return Unwanted(because, numbers, _other_columns(head))


def _other_columns(head: HeadFacts) -> bool:
    """Labels and outputs have different numbers of columns, and one of them has one.

    A class loss that takes ids is made for that.
    """
    p, t = head.prediction_shape, head.target_shape
    if p is None or t is None or len(p) != 2 or head.loss_kind == "sparse_categorical_cross_entropy":
        return False
    columns = t[1] if len(t) == 2 else 1
    return columns != p[1]
