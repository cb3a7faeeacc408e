"""Predictions shown as they are, or cut where it fits."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._advice import ask
from defib.interventions._writing import base_rate, by_framework, maybe
from defib.probes.outputs import SymptomFacts
from defib.probes.shown import ShownFacts


def _code(book: Book, framework: str) -> str:
    facts, symptom = book.get(ShownFacts), maybe(book, SymptomFacts)
    kinds = {one.handling.kind for one in facts.displays}
    where = next((f"  # in {one.handling.line}, in place of {one.handling.code}" for one in facts.displays), "")
    threshold = _threshold(book, symptom)
    if any(one.handling.kind == "argmax" and one.handling.axis == 0 for one in facts.displays):
        return by_framework(
            framework,
            keras=f"labels = predictions.argmax(axis=-1){where}",
            torch=f"labels = predictions.argmax(dim=-1){where}",
        )
    if kinds & {"argmax", "integer"} and (symptom is None or symptom.symptom.output_kind != "value"):
        return by_framework(
            framework,
            keras=f"labels = (predictions[:, 0] > {threshold}).astype(int){where}",
            torch=f"labels = (predictions[:, 0] > {threshold}).int(){where}",
        )
    return by_framework(
        framework,
        keras=f'np.set_printoptions(precision=6, suppress=False)\nprint("%.6g" % predictions.flat[0]){where}',
        torch=f'torch.set_printoptions(precision=6)\nprint("%.6g" % predictions.flatten()[0]){where}',
    )


def _threshold(book: Book, facts: SymptomFacts | None) -> str:
    """One half, as a probability or a logit; the base rate where no probability reaches one half."""
    if facts is not None and facts.symptom.output_kind == "logit":
        return "0"
    rate = base_rate(book)
    rare = facts is not None and facts.symptom.pattern == "one_class" and rate is not None
    return f"{rate:.3g}" if rare else "0.5"


INTERVENTION: Intervention = ask(
    "full-precision", "show the predictions as they are, or cut them at a threshold", code=_code, size=1
)
