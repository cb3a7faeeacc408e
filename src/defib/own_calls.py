"""The calls that a fix makes, with all that the program's own ones say: metrics, batch size, callbacks.

``model.fit(X_train, (y_train - m) / sd)`` alone would train for one epoch. Where the program's ``compile`` and ``fit``
are known, what the fix does not change is taken from them; validation rows get what the labels get.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

PLACES = {"compile": ("optimizer", "loss"), "fit": ("x", "y", "batch_size", "epochs")}
"""What stands by its position, in Keras."""
SAYS_NOTHING = frozenset({"X_train", "y_train", "model.optimizer", "model.loss", "epochs", "(X_val, y_val)"})
"""Arguments that stand for whatever the program has."""
NEW_LOSS = frozenset({"fitting-head", "logits-loss", "canonical-loop"})
VALIDATION = ("validation_data", "validation_split")


def with_own_calls(
    code: str,
    own: Mapping[str, ast.Call],
    interventions: Sequence[str],
    *,
    outputs: Sequence[str] = (),
    output: str = "",
) -> str:
    """The code with the program's own ``compile`` and ``fit``, but for what the fix changes.

    Rows and labels may stand there by the names of the fix, or by the program's; what the fix assigns to stays its own.
    ``output``: the one of several, ``outputs``, whose loss and labels the fix speaks of.

    >>> own = {"fit": ast.parse("net.fit(X, y, epochs=40, verbose=0)", mode="eval").body}
    >>> with_own_calls("model.fit(X_train, y_train / 9)", own, ["standardize-targets"])
    'net.fit(X, y / 9, epochs=40, verbose=0)'
    """
    lines, assigned = code.split("\n"), _assigned(code)
    for place, line in enumerate(lines):
        call, comment = _parsed(line), line.partition("  # ")[2]
        name = "" if call is None else ast.unparse(call.func).rpartition(".")[2]
        if call is not None and name in PLACES and name in own:
            part = Part(outputs, output)
            merged = _merged(call, own[name], PLACES[name], _kept(name, interventions), assigned, part)
            if merged is not None:
                lines[place] = merged + (f"  # {comment}" if comment else "")
    return "\n".join(lines)


def _assigned(code: str) -> frozenset[str]:
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return frozenset()
    return frozenset(one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def _parsed(line: str) -> ast.Call | None:
    try:
        one = ast.parse(line, mode="eval").body
    except SyntaxError:  # goes on in the next line
        return None
    return one if isinstance(one, ast.Call) else None


def _kept(name: str, interventions: Sequence[str]) -> frozenset[str]:
    """Arguments that a fix only repeats: it writes a whole call."""
    if name != "compile":
        return frozenset()
    steps = any(one.startswith("step-") or "learning-rate" in one or one == "clip-off" for one in interventions)
    kept = {"optimizer": not steps, "loss": not NEW_LOSS & set(interventions)}
    return frozenset(word for word, repeated in kept.items() if repeated)


@dataclass(frozen=True)
class Part:
    """Which of several outputs an argument is about."""

    outputs: Sequence[str]
    output: str

    def of(self, value: ast.expr) -> ast.expr:
        """What a dict or list of the program's holds for it; the value itself where it holds no such thing."""
        place = self._place(value)
        if isinstance(value, ast.Dict) and place is not None:
            return value.values[place]
        return value.elts[place] if isinstance(value, (ast.List, ast.Tuple)) and place is not None else value

    def put(self, new: ast.expr, value: ast.expr) -> ast.expr:
        """The program's dict or list with ``new`` for it; a dict by output, where it had one value for all of them."""
        place = self._place(value)
        if isinstance(value, ast.Dict) and place is None and self.outputs:
            return ast.Dict([*value.keys, ast.Constant(self.output)], [*value.values, new])
        if place is None and self.outputs:
            own = {name: new if name == self.output else value for name in self.outputs}
            return ast.Dict([ast.Constant(name) for name in own], list(own.values()))
        if isinstance(value, ast.Dict) and place is not None:
            return ast.Dict(value.keys, [new if n == place else one for n, one in enumerate(value.values)])
        if isinstance(value, (ast.List, ast.Tuple)) and place is not None:
            return type(value)([new if n == place else one for n, one in enumerate(value.elts)], ast.Load())
        return new

    def _place(self, value: ast.expr) -> int | None:
        if isinstance(value, ast.Dict):
            names = [one.value if isinstance(one, ast.Constant) else None for one in value.keys]
            return names.index(self.output) if self.output in names else None
        listed = isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) == len(self.outputs)
        return list(self.outputs).index(self.output) if listed and self.output in self.outputs else None


def _merged(
    call: ast.Call, own: ast.Call, places: Sequence[str], kept: frozenset[str], assigned: frozenset[str], part: Part
) -> str | None:
    """``own`` with what ``call`` says; ``None`` where the two do not go together."""
    mine, said = _by_name(own, places), _by_name(call, places)
    if mine is None or said is None:
        return None
    said = {name: one for name, one in said.items() if ast.unparse(one) not in SAYS_NOTHING - assigned}
    said = {name: one for name, one in said.items() if name not in kept or name not in mine}
    if set(mine) & set(VALIDATION):
        said = {name: one for name, one in said.items() if name not in VALIDATION}
    if not {"x", "y"} & set(said) <= set(mine):
        return None  # a data set holds both
    new = {**mine, **said}
    if "loss" in said and "loss" in mine:
        new["loss"] = part.put(said["loss"], mine["loss"])
    rows = mine.get("validation_data")
    if "y" in said and not isinstance(said["y"], ast.Name):
        names = {"y_train", ast.unparse(mine["y"])} - assigned
        new["y"] = part.put(_of(said["y"], names, part.of(mine["y"])), mine["y"])
        if isinstance(rows, ast.Tuple) and len(rows.elts) > 1:
            targets = part.put(_of(said["y"], names, part.of(rows.elts[1])), rows.elts[1])
            new["validation_data"] = ast.Tuple([rows.elts[0], targets, *rows.elts[2:]], ast.Load())
    by_place = places[: len(own.args)]
    words = [ast.keyword(name, one) for name, one in new.items() if name not in by_place]
    return ast.unparse(ast.Call(own.func, [new[name] for name in by_place], words))


def _by_name(call: ast.Call, places: Sequence[str]) -> dict[str, ast.expr] | None:
    unpacked = any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
    if unpacked or len(call.args) > len(places):
        return None
    return {**dict(zip(places, call.args, strict=False)), **{one.arg: one.value for one in call.keywords if one.arg}}


def _of(formula: ast.expr, names: Container[str], value: ast.expr) -> ast.expr:
    """The formula for another value than the one that is written so."""

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            said = isinstance(node, ast.expr) and ast.unparse(node) in names
            return value if said else self.generic_visit(node)

    copied = Put().visit(ast.parse(ast.unparse(formula), mode="eval").body)
    assert isinstance(copied, ast.expr)
    return copied
