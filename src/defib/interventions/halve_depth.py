"""Half as many hidden layers."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import lines, maybe
from defib.probes.activations import ActivationFacts, hidden_depth
from defib.recipe import Arm


def _hidden(book: Book) -> int | None:
    facts = maybe(book, ActivationFacts)
    return max(len(facts.hidden_activations), hidden_depth(facts.end)) if facts is not None else None


def _applies(book: Book) -> str | None:
    count = _hidden(book)
    return f"{count} hidden layers are too few to halve" if count is not None and count < 3 else None


def _code(book: Book, framework: str) -> str:
    count = _hidden(book)
    if framework == "sklearn":
        fewer = "model.hidden_layer_sizes[::2]"
        return lines(f"model.set_params(hidden_layer_sizes={fewer})\nmodel.fit(X_train, y_train)")
    was = "" if count is None else f"  # were {count}"
    return lines(f"n_hidden_layers = {max(1, (count or 8) // 2)}{was}")


INTERVENTION = Intervention(
    name="halve-depth",
    does="leave out every second hidden layer",
    kind="train",
    arm=lambda book: Arm().with_edit("halve_depth"),
    applies=_applies,
    code=_code,
    size=2,
)
