"""The network put into evaluation mode before it predicts."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, maybe
from defib.probes.modes import ModeFacts


def _applies(book: Book) -> str | None:
    modes = maybe(book, ModeFacts)
    return None if modes is not None and modes.served_in_training else "it predicted in evaluation mode"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        model.eval()  # Linen: model.apply(variables, X_new, train=False)
        predictions = model(X_new)
        """,
        keras="""
        predictions = model.predict(X_new)  # or model(X_new, training=False)
        """,
        torch="""
        model.eval()
        with torch.no_grad():
            predictions = model(X_new)
        """,
    )


INTERVENTION = ask(
    "evaluation-mode",
    "put the network into evaluation mode before it predicts",
    code=_code,
    applies=_applies,
    size=1,
)
