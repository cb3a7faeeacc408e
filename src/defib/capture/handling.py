"""What a program does with its predictions, read from its source: which of them it cuts, rounds, reuses or caches.

Nothing runs: the syntax tree is followed from the call that predicts, by name and line, within the file. What is found
is a question for the probe ``shown``, which does the same to the recorded outputs; only what makes them equal counts.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from defib.capture.handling_flow import Flow, called, plain_call
from defib.subject import Handling

INTEGERS: Final = frozenset({"int", "int8", "int16", "int32", "int64", "uint8", "long", "integer", "intp"})
ROUNDINGS: Final = frozenset({"round", "around", "round_"})
CACHES: Final = frozenset({"lru_cache", "cache", "cache_data", "memoize"})
LONGEST: Final = 60
SCALE_OF_PERCENT: Final = 2
"""``{p:.1%}`` shows three decimals of the share."""

Kind: TypeAlias = Literal["argmax", "integer", "round", "alias", "cache"]


def read_handling(places: Sequence[str]) -> tuple[Handling, ...]:
    """What a program does with its outputs; empty where its source cannot be read.

    ``places``: the frames of a call that predicted, innermost first, each ``file:line``.
    """
    if not places:
        return ()
    file, _, line = places[0].rpartition(":")
    source = "".join(linecache.getlines(file))
    if not source or not line.isdigit():
        return ()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    beside = [int(one.rpartition(":")[2]) for one in places[1:] if one.rpartition(":")[0] == file]
    flow = Flow.of(tree, int(line), beside)
    if flow is None:
        return ()
    found = [*_displays(flow, file), *_aliases(flow, file), *_caches(flow, file)]
    return tuple({(one.kind, one.line): one for one in found}.values())


def _handling(kind: Kind, file: str, node: Any, **values: Any) -> Handling:
    code = " ".join(ast.unparse(node).split())
    return Handling(kind, f"{Path(file).name}:{node.lineno}", code[:LONGEST], **values)


def _displays(flow: Flow, file: str) -> Iterator[Handling]:
    for node in ast.walk(flow.tree):
        if not isinstance(node, ast.expr | ast.Assign) or not flow.certain(node):
            continue
        if isinstance(node, ast.Call):
            yield from _cut(flow, file, node)
        elif (largest := _place_of_largest(node)) is not None:
            yield from _cut(flow, file, largest, name="argmax")
        elif isinstance(node, ast.FormattedValue) and (given := flow.plain(node.value)):
            decimals = _decimals(node.format_spec)
            if decimals is not None:
                yield _handling("round", file, node.value, decimals=decimals, squashed=given == "squashed")


def _place_of_largest(node: ast.AST) -> ast.Call | None:
    """PyTorch's ``max`` over an axis, where its second half is used: ``torch.max(p, 1)[1]``, ``_, k = p.max(1)``."""
    second = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == 1
    indices = isinstance(node, ast.Attribute) and node.attr == "indices"
    unpacked = isinstance(node, ast.Assign) and len(getattr(node.targets[0], "elts", ())) == 2
    value = getattr(node, "value", None) if second or indices or unpacked else None
    return value if isinstance(value, ast.Call) and called(value) == "max" else None


def _cut(flow: Flow, file: str, node: ast.Call, name: str = "") -> Iterator[Handling]:
    """``argmax``, ``astype(int)``, ``round`` and their like, as methods or functions of an output."""
    own, value, rest = _applied(node)
    name = name or own
    given = None if value is None else flow.plain(value)
    if given is None:
        return
    squashed = given == "squashed"
    if name == "argmax":
        yield _handling("argmax", file, node, axis=_whole(_named(node, "axis", "dim") or next(iter(rest), None)))
    elif name in INTEGERS or (name in ("astype", "type", "to", "cast") and any(_is_integer(one) for one in rest)):
        yield _handling("integer", file, node, squashed=squashed)
    elif name in ROUNDINGS:
        decimals = _whole(_named(node, "decimals", "ndigits") or next(iter(rest), None))
        yield _handling("round", file, node, decimals=decimals or 0, squashed=squashed)


def _applied(node: ast.Call) -> tuple[str, ast.expr | None, list[ast.expr]]:
    """Name of what is applied, what to, and the other arguments: ``p.round(2)`` and ``np.round(p, 2)`` alike."""
    name = called(node)
    if isinstance(node.func, ast.Attribute) and not plain_call(node.func.value):
        return name, node.func.value, list(node.args) + [one.value for one in node.keywords if one.arg == "dtype"]
    return name, next(iter(node.args), None), list(node.args[1:])


def _named(node: ast.Call, *names: str) -> ast.expr | None:
    return next((one.value for one in node.keywords if one.arg in names), None)


def _whole(node: ast.expr | None) -> int | None:
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def _is_integer(node: ast.expr) -> bool:
    name = node.value if isinstance(node, ast.Constant) else ast.unparse(node).rpartition(".")[2]
    return name in INTEGERS


def _decimals(spec: ast.expr | None) -> int | None:
    """Decimals of ``.2f`` or ``.1%``; ``None`` for other formats."""
    text = "".join(str(part.value) for part in getattr(spec, "values", []) if isinstance(part, ast.Constant))
    digits, kind = text.rpartition(".")[2][:-1], text[-1:]
    if "." not in text or not digits.isdigit() or kind not in ("f", "%"):
        return None
    return int(digits) + (SCALE_OF_PERCENT if kind == "%" else 0)


def _aliases(flow: Flow, file: str) -> Iterator[Handling]:
    """One buffer that every turn of a loop fills with an output and keeps, as it is."""
    for loop in ast.walk(flow.tree):
        if not isinstance(loop, ast.For | ast.While):
            continue
        inside = [node for part in loop.body for node in ast.walk(part)]
        made = {t.id for n in inside if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        filled = {name for node in inside for name in _filled(flow, node)} - made
        for node in inside:
            kept = node.args[0] if isinstance(node, ast.Call) and called(node) == "append" and node.args else None
            if isinstance(kept, ast.Name) and kept.id in filled and flow.certain(node):
                yield _handling("alias", file, node)


def _filled(flow: Flow, node: ast.AST) -> Iterator[str]:
    """Names of buffers that this writes an output into."""
    if isinstance(node, ast.Assign) and flow.plain(node.value):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                yield target.value.id
    if isinstance(node, ast.Call):
        out = _named(node, "out")
        if isinstance(out, ast.Name) and any(flow.plain(one) for one in node.args):
            yield out.id
        if called(node) in ("copyto", "copy_") and any(flow.plain(one) for one in node.args):
            value = (
                node.func.value if called(node) == "copy_" and isinstance(node.func, ast.Attribute) else node.args[0]
            )
            if isinstance(value, ast.Name):
                yield value.id


def _caches(flow: Flow, file: str) -> Iterator[Handling]:
    """A function that predicts behind a cache which says how often it answered by itself."""
    for node in ast.walk(flow.tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        names = {ast.unparse(one).partition("(")[0].rpartition(".")[2] for one in node.decorator_list}
        if names & CACHES and any(flow.is_source(one) for one in ast.walk(node)):
            info = _cache_info(file, node.name)
            if info is not None:
                yield Handling("cache", f"{Path(file).name}:{node.lineno}", node.name, hits=info[0], misses=info[1])


def _cache_info(file: str, name: str) -> tuple[int, int] | None:
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == file:
            info = getattr(getattr(module, name, None), "cache_info", None)
            return None if info is None else (int(info().hits), int(info().misses))
    return None
