"""Where a layer is written in the user's program: by its name, by its number, by counting those of its kind.

``self.fc1 = nn.Linear(...)`` is found by its name, the third entry of an ``nn.Sequential`` by its number, ``dense_2``
by counting. What is ambiguous is not found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from defib.program_text import Program, assigned, covers, last_name


def layer_line(program: Program, layer: str, layers: Sequence[str]) -> int | None:
    """Line of the layer's construction; a fused activation stands where its layer does."""
    name = layer.partition(":")[0]
    for find in (_by_keyword, _by_path):
        line = find(program, name)
        if line is not None:
            return line
    return _by_counting(program, name, layers)


def _by_keyword(program: Program, name: str) -> int | None:
    """``Dense(8, name="head")``."""
    lines = [
        call.lineno
        for call in program.calls
        for word in call.keywords
        if word.arg == "name" and isinstance(word.value, ast.Constant) and word.value.value == name
    ]
    return lines[0] if len(lines) == 1 else None


def _by_path(program: Program, path: str) -> int | None:
    """``fc1``, ``net.2``: the attribute or variable of that name, then entries of Sequentials by their number."""
    parts = path.split(".")
    if parts[0].isdigit():
        roots = [call for call in program.calls if last_name(call.func) == "Sequential"]
        return _entry(roots[0], parts) if len(roots) == 1 else None
    made = [value for name, value in assigned(program.tree) if name == parts[0]]
    if len(made) != 1:
        return None
    return made[0].lineno if len(parts) == 1 else _entry(made[0], parts[1:])


def _entry(value: ast.expr, parts: Sequence[str]) -> int | None:
    """Line of an entry of a Sequential, entry by entry; ``None`` where they are not written one by one."""
    for part in parts:
        entries = _entries(value)
        if not part.isdigit() or int(part) >= len(entries) or any(isinstance(one, ast.Starred) for one in entries):
            return None
        value = entries[int(part)]
    return value.lineno


def _entries(value: ast.expr) -> Sequence[ast.expr]:
    if not isinstance(value, ast.Call):
        return ()
    first = value.args[0] if len(value.args) == 1 else None
    return first.elts if isinstance(first, (ast.List, ast.Tuple)) else value.args


def _by_counting(program: Program, name: str, layers: Sequence[str]) -> int | None:
    """``dense_2``: Keras names layers by their class in the order in which they are built."""
    kind = re.sub(r"_\d+$", "", name)
    alike = [one for one in dict.fromkeys(one.partition(":")[0] for one in layers) if re.sub(r"_\d+$", "", one) == kind]
    if name not in alike:
        return None
    built = [call.lineno for call in program.calls if _snake(last_name(call.func)) == kind and not _named(call)]
    repeated = [line for line in built if _in_a_loop(program, line)]
    if len(repeated) == 1 and len(built) < len(alike):
        at = built.index(repeated[0])
        built[at:at] = repeated * (len(alike) - len(built))
    return built[alike.index(name)] if len(built) == len(alike) else None


def _in_a_loop(program: Program, line: int) -> bool:
    """Whether what stands there is built several times."""
    loops = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp)
    found = [node for node in ast.walk(program.tree) if isinstance(node, loops)]
    return any(covers(node, line) for node in found)


def _named(call: ast.Call) -> bool:
    return any(word.arg == "name" for word in call.keywords)


def _snake(name: str) -> str:
    """As Keras names a layer of this class.

    >>> _snake("Dense"), _snake("BatchNormalization"), _snake("LSTM"), _snake("Conv2D")
    ('dense', 'batch_normalization', 'lstm', 'conv2d')
    """
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()
