"""The loader that the program trains on: the one call of ``DataLoader`` over whose rows a loop steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from defib.program_text import Program, last_name

ORDERS = frozenset({"shuffle", "sampler", "batch_sampler"})
"""Settings of a loader that say in which order rows come."""


def loader_call(program: Program) -> ast.Call | None:
    """``loader = DataLoader(...)`` of ``for x, y in loader: ... step()``; ``None`` where it is not one."""
    made: dict[str, list[ast.Call]] = {}
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            made.setdefault(ast.unparse(node.targets[0]), []).append(node.value)
    found = [call for name in set(_stepped_over(program)) for call in made.get(name, [])]
    return found[0] if len(found) == 1 and last_name(found[0].func) == "DataLoader" else None


def dataset_call(program: Program, fit: ast.Call | None = None) -> ast.Call | None:
    """``ds.shuffle(8)``, the one of the program; of a ``fit`` that takes rows and labels apart, none."""
    if fit is not None and (len(fit.args) > 1 or any(word.arg == "y" for word in fit.keywords)):
        return None
    in_place = {id(node.value) for node in ast.walk(program.tree) if isinstance(node, ast.Expr)}  # rng.shuffle(order)
    found = [one for one in program.calls if isinstance(one.func, ast.Attribute) and one.func.attr == "shuffle"]
    found = [one for one in found if one.args and id(one) not in in_place]
    return found[0] if len(found) == 1 else None


def with_own_dataset(code: str, program: Program, fit: ast.Call | None) -> str:
    r"""The code of a fix that shuffles, for a ``fit`` that takes a dataset: it shuffles none itself.

    >>> fit = ast.parse("net.fit(ds, epochs=3)", mode="eval").body
    >>> here = Program("a.py", (), ast.parse("ds = ds.shuffle(8)\nnet.fit(ds, epochs=3)"))
    >>> with_own_dataset("net.fit(ds, epochs=3, shuffle=True)", here, fit)
    'ds = ds.shuffle(n_rows)  # all of them, before batch()\nnet.fit(ds, epochs=3)'
    """
    if fit is None or (call := dataset_call(program, fit)) is None:
        return code
    assert isinstance(call.func, ast.Attribute)
    name = call.func.value.id if isinstance(call.func.value, ast.Name) else "dataset"
    first = f"{name} = {name}.shuffle(n_rows)  # all of them, before batch()"
    return "\n".join(
        f"{first}\n{line.partition('  # ')[0].replace(', shuffle=True', '')}" if ", shuffle=True" in line else line
        for line in code.split("\n")
    )


def _stepped_over(program: Program) -> Iterator[str]:
    """What loops with an optimizer's step run over, ``enumerate`` and progress bars taken off."""
    for node in ast.walk(program.tree):
        if isinstance(node, ast.For) and any(_is_step(one) for one in ast.walk(node)):
            over = node.iter
            while isinstance(over, ast.Call) and over.args:
                over = over.args[0]
            yield ast.unparse(over)


def _is_step(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step"


def loader_line(program: Program, layer: str = "") -> int | None:
    """Its line, or that of the one shuffle that a dataset gets."""
    call = loader_call(program) or dataset_call(program)
    return None if call is None else call.lineno


def with_own_loader(code: str, program: Program) -> str:
    """The code of a fix that shuffles, with the program's own loader in it."""
    own = loader_call(program)
    try:
        calls = [one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call)]
    except SyntaxError:
        return code
    said = [
        one for one in calls if last_name(one.func) == "DataLoader" and {word.arg for word in one.keywords} & ORDERS
    ]
    if own is None or len(said) != 1 or said[0].lineno != said[0].end_lineno:
        return code
    words = [word for word in own.keywords if word.arg not in ORDERS]
    new = ast.unparse(ast.Call(own.func, own.args, [*words, *(one for one in said[0].keywords if one.arg in ORDERS)]))
    lines = code.splitlines(keepends=True)
    line, at = lines[said[0].lineno - 1], said[0]
    lines[at.lineno - 1] = line[: at.col_offset] + new + line[at.end_col_offset :]
    return "".join(lines)
