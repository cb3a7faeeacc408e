"""Only the narrow hidden layers wider; the others keep their width."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.activations import ActivationFacts, narrow_layers
from defib.recipe import Arm

WIDE = 16
"""Of sixteen ReLUs some are alive under any usual draw (0 of 20 networks of this width were constant)."""


def _applies(book: Book) -> str | None:
    narrow = narrow_layers(book.get(ActivationFacts).end)
    return None if narrow else "no hidden layer is narrow"


def _code(book: Book, framework: str) -> str:
    facts = maybe(book, ActivationFacts)
    names = ", ".join(one.layer for one in narrow_layers(facts.end)[:4]) if facts is not None else ""
    where = f"  # {names}" if names else ""
    return by_framework(
        framework,
        keras=f'keras.layers.Dense({WIDE}, activation="relu"){where}',
        torch=f"torch.nn.Linear(n_inputs, {WIDE}){where}",
        sklearn=f"""
        sizes = tuple(max(size, {WIDE}) for size in np.atleast_1d(model.hidden_layer_sizes))
        model.set_params(hidden_layer_sizes=sizes)
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="widen-narrow-layers",
    does=f"make the narrow hidden layers {WIDE} units wide, and no other",
    kind="train",
    arm=lambda book: Arm().with_edit("double_width", WIDE),
    applies=_applies,
    code=_code,
    size=2,
)
