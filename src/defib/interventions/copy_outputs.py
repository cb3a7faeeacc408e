"""Each answer kept as a copy, asked of the trained network, row by row."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, lines
from defib.probes.remembered import MemoryFacts
from defib.probes.shown import ShownFacts


def _memory(book: Book) -> MemoryFacts | None:
    found = book.get(MemoryFacts) if book.has(MemoryFacts) else None
    return found if found is not None and found.of_others else None


def _says(book: Book) -> str | None:
    memory = _memory(book)
    return None if memory is None else f"answer no row from what {' and '.join(memory.where)} holds of other rows"


def _code(book: Book, framework: str) -> str:
    if (memory := _memory(book)) is not None:
        return _forgetful(memory.where)
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


def _forgetful(where: tuple[str, ...]) -> str:
    """The network as it should be, and until then how it can be asked rightly."""
    names = [one.rpartition(".")[2] for one in where]
    return lines(f"""
    # in forward: compute it of the rows of this call, or let the rows themselves be the key
    key = tuple(rows.flatten().tolist())  # {", ".join(where)}: no shape, length or flag, which other rows share
    # until then, in a new process, or emptied before each call: model.{names[0]}
    """)


INTERVENTION: Intervention = ask(
    "copy-outputs", "ask the trained network for every row and keep a copy of each answer", code=_code, says=_says
)
