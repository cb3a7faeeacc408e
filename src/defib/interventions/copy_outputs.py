"""Each answer kept as a copy, asked of the trained network, row by row."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, lines
from defib.probes.shown import ShownFacts


def _code(book: Book, framework: str) -> str:
    facts = book.get(ShownFacts)
    if facts.cache is not None and facts.cache.kind == "entries":
        return lines(f"""
        # {facts.cache.code}, in {facts.cache.line}: what is kept must have the row itself in its key
        answers = {{}}
        key = row.tobytes()  # no name, length or shape that rows share
        if key not in answers:
            answers[key] = predict(row)
        """)
    if facts.cache is not None:
        name = facts.cache.code
        return lines(f"""
        {name}.cache_clear()
        # and let the row itself be an argument of {name}, for instance as bytes: {name}(row.tobytes())
        """)
    if facts.alias is not None:
        kept = facts.alias.code.removesuffix(")")
        copied = f"{kept}.clone())" if framework == "torch" else f"{kept}.copy())"
        return lines(f"""
        {copied}  # was {facts.alias.code}, in {facts.alias.line}
        """)
    return by_framework(
        framework,
        keras="""
        predictions = np.concatenate([model.predict(X_new[i : i + 1]) for i in range(len(X_new))])  # after fit
        """,
        torch="""
        model.eval()
        with torch.no_grad():
            predictions = torch.cat([model(X_new[i : i + 1]).clone() for i in range(len(X_new))])  # after training
        """,
    )


INTERVENTION: Intervention = ask(
    "copy-outputs", "ask the trained network for every row and keep a copy of each answer", code=_code
)
