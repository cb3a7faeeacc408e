"""The last layer that a fix names, written as the user's program writes its own.

``out = Dense(...)(hidden)``, ``self.head = Dense(...)``, ``net.add(Dense(...))``, or an entry of a list. As it is where
the program's own last layer is not found for certain. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from defib.layer_lines import layer_line
from defib.program_text import Program, last_name

NEW = re.compile(r"^(keras\.layers\.\w+\(.*\))(?=  # in place of the last layer$)", re.MULTILINE)


def with_own_layer(code: str, program: Program, head: str, layers: Sequence[str]) -> str:
    """The code with the line of its new last layer in the program's form, with the name and class written there.

    ``head``: name of the layer that holds the head's weights; ``layers``: names of all, in order.
    """
    match, line = NEW.search(code), layer_line(program, head, layers)
    if match is None:
        return code
    new = ast.parse(match[1], mode="eval").body
    assert isinstance(new, ast.Call)
    of_its_class = [one for one in program.calls if last_name(one.func) == last_name(new.func)]
    there = [one for one in of_its_class if one.lineno == line]
    # of several in one line the head is the last
    written = _as_written(program, there[-1], new) if there else _added(program, ast.unparse(new))
    written = written.replace("'", '"') if '"' not in written else written  # as fixes quote
    return code[: match.start()] + written + code[match.end() :]


def _as_written(program: Program, own: ast.Call, new: ast.Call) -> str:
    """The new layer in the statement, call or list that the old one stands in."""
    named = [word for word in own.keywords if word.arg == "name"]
    layer = ast.Call(own.func, new.args, [*new.keywords, *named])
    around = [one for one in program.calls if one.func is own or own in one.args]
    outer = around[0] if len(around) == 1 else None
    if outer is not None and outer.func is own:
        value: ast.Call = ast.Call(layer, outer.args, outer.keywords)
    elif outer is not None and last_name(outer.func) == "add":
        value = ast.Call(outer.func, [layer], outer.keywords)
    else:
        value, outer = layer, own
    given = [one for one in ast.walk(program.tree) if isinstance(one, ast.Assign) and one.value in (outer, own)]
    return ast.unparse(ast.Assign(given[0].targets, value, lineno=0) if given else value)


def _added(program: Program, layer: str) -> str:
    """The layer as the one model that the program adds layers to gets it; by itself where it adds none."""
    adds = [one for one in program.calls if isinstance(one.func, ast.Attribute) and one.func.attr == "add"]
    names = {ast.unparse(one.func.value) for one in adds if isinstance(one.func, ast.Attribute) and _makes(one)}
    return f"{names.pop()}.add({layer})" if len(names) == 1 else layer


def _makes(call: ast.Call) -> bool:
    """Whether what is added is an object that is made there."""
    first = call.args[0] if len(call.args) == 1 else None
    return isinstance(first, ast.Call) and last_name(first.func)[:1].isupper()
