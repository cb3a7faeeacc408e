"""Which expressions of a program stand for its predictions, followed by name and line within one file."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias, final

from defib.program_text import covers

State: TypeAlias = Literal["raw", "squashed"]
PREDICTS: Final = frozenset({"predict", "predict_on_batch", "predict_proba", "decision_function", "forward"})
HARMLESS: Final = frozenset(
    {
        *("numpy", "detach", "cpu", "float", "double", "ravel", "flatten", "squeeze", "reshape", "view", "tolist"),
        *("item", "copy", "clone", "contiguous", "unsqueeze", "transpose", "values", "to_numpy"),
    }
)
"""Methods that hand values on as they are."""
WRAPS: Final = frozenset(
    {
        *("array", "asarray", "squeeze", "ravel", "concatenate", "vstack", "hstack", "stack", "cat", "tensor"),
        *("from_numpy", "atleast_1d", "atleast_2d", "list", "tuple", "float", "Series"),
    }
)
"""Functions that hand their first argument on as it is."""
SQUASHES: Final = frozenset({"sigmoid", "softmax", "expit"})
TENSOR_METHODS: Final = HARMLESS | SQUASHES | {"argmax", "round", "astype", "int", "long", "max", "append", "to"}
PASSES: Final = 4
"""Rounds after which values have gone through functions that call functions."""


def called(node: ast.Call) -> str:
    """Last name of what is called.

    >>> called(ast.parse("np.argmax(p)", mode="eval").body)
    'argmax'
    """
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node.func, ast.Attribute | ast.Name) else ""


MODULES: Final = frozenset({"np", "numpy", "torch", "tf", "F", "math", "pd", "jnp", "keras", "K", "ops", "sklearn"})


def plain_call(node: ast.expr) -> bool:
    """Whether an attribute's owner is a module, by its customary name: ``np.round`` is no method, ``p.round`` is."""
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).partition(".")[0] in MODULES


@final
class Flow:
    """Names that hold outputs, from line to line."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        self.tree = tree
        self.source = source
        """What is called to predict, as written: ``model.predict``, ``net``."""
        self.scope: dict[int, Any] = {}
        self.parent: dict[int, tuple[ast.AST, str]] = {}
        """Per node what it is in, and in which field of it."""
        self.ran: set[tuple[int, str]] = set()
        """Nodes around the calls that are known to have run, and the fields of them."""
        self.functions: dict[str, State] = {}
        self.tuples: dict[str, list[State | None]] = {}
        self.events: dict[tuple[int, str], list[tuple[float, State | None]]] = {}
        self._by_name: dict[str, list[ast.Call]] = {}
        self._certain: dict[tuple[int, int], bool] = {}
        self._scopes(tree, tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._by_name.setdefault(called(node), []).append(node)

    @classmethod
    def of(cls, tree: ast.Module, line: int, beside: Sequence[int] = ()) -> Flow | None:
        """From the call on this line that predicts; ``None`` where there is no telling which it is.

        ``beside``: lines of the file that were running then, too.
        """
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and covers(node, line)]
        sources = [one for one in calls if _predicts(one)]
        named = [one for one in sources if called(one) in PREDICTS] or sources
        if not named:
            return None
        found = cls(tree, ast.unparse(named[-1].func))
        ran = [
            named[-1],
            *(n for n in ast.walk(tree) if isinstance(n, ast.Call) and any(covers(n, k) for k in beside)),
        ]
        found.ran = {(id(one), field) for node in ran for one, field in found.around(node)}
        for _ in range(PASSES):
            found._collect()
        return found

    def _scopes(self, node: ast.AST, scope: Any) -> None:
        for field, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.scope[id(child)], self.parent[id(child)] = scope, (node, field)
                    self._scopes(child, child if isinstance(child, ast.FunctionDef | ast.Lambda) else scope)

    def around(self, node: ast.AST) -> list[tuple[ast.AST, str]]:
        """What a node stands in, innermost first, with the field of it."""
        found: list[tuple[ast.AST, str]] = []
        while id(node) in self.parent:
            found.append(self.parent[id(node)])
            node = found[-1][0]
        return found

    def certain(self, node: ast.AST, depth: int = 3) -> bool:
        """Whether the node has run, as far as can be told.

        No branch is around it that the known call is not in, and its function is one that ran, or is called where
        that is certain.
        """
        key = (id(node), depth)
        if key not in self._certain:  # a file of many functions asks for the same calls over and over
            self._certain[key] = self._told(node, depth)
        return self._certain[key]

    def _told(self, node: ast.AST, depth: int) -> bool:
        for one, field in self.around(node):
            if (id(one), field) in self.ran or field in ("test", "decorator_list"):
                continue
            if (
                isinstance(one, ast.If | ast.IfExp | ast.ExceptHandler | ast.Lambda)
                or type(one).__name__ == "match_case"
            ):
                if not _is_main(one):
                    return False
            elif isinstance(one, ast.FunctionDef):
                return depth > 0 and any(self.certain(call, depth - 1) for call in self._by_name.get(one.name, ()))
        return True

    def is_source(self, node: ast.AST) -> bool:
        """Whether this is the call that predicts."""
        return isinstance(node, ast.Call) and ast.unparse(node.func) == self.source

    # --- values ---------------------------------------------------------------------------------

    def plain(self, node: ast.expr) -> State | None:
        """Whether the expression is outputs as they came, or squashed; ``None`` for anything else."""
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Subscript | ast.Starred):
            return self.plain(node.value)
        if isinstance(node, ast.Attribute):
            return self.plain(node.value) if node.attr in ("T", "data") else None
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self.plain(node.elt)
        if isinstance(node, ast.List | ast.Tuple):
            return next((state for one in node.elts if (state := self.plain(one))), None)
        return None

    def _call(self, node: ast.Call) -> State | None:
        if self.is_source(node):
            return "raw"
        name, first = called(node), next(iter(node.args), None)
        if name in self.functions and name not in PREDICTS | HARMLESS:
            return self.functions[name]
        method = isinstance(node.func, ast.Attribute) and not plain_call(node.func.value)
        value = node.func.value if method and isinstance(node.func, ast.Attribute) else first
        given = None if value is None else self.plain(value)
        if given is None:
            return None
        if name in SQUASHES:
            return "squashed"
        return given if name in (HARMLESS if method else WRAPS) else None

    def _name(self, node: ast.Name) -> State | None:
        for scope in (self.scope.get(id(node)), self.tree):
            events = self.events.get((id(scope), node.id))
            if events:
                before = [state for line, state in sorted(events, key=lambda one: one[0]) if line < node.lineno]
                return before[-1] if before else None
        return None

    # --- what names hold ------------------------------------------------------------------------

    def _collect(self) -> None:
        found: dict[tuple[int, str], list[tuple[float, State | None]]] = {}
        functions: dict[str, State] = {}
        tuples: dict[str, list[State | None]] = {}

        for node in ast.walk(self.tree):
            for owner, name, line, state in self._binds(node):
                found.setdefault((id(self.scope.get(id(owner), self.tree)), name), []).append((line, state))
            if isinstance(node, ast.FunctionDef):  # its parameters are its own, whatever has their names outside
                for one in node.args.args:
                    found.setdefault((id(node), one.arg), []).append((node.lineno - 0.5, None))
            if isinstance(node, ast.Return) and node.value is not None:
                name = getattr(self.scope[id(node)], "name", "")
                if isinstance(node.value, ast.Tuple):
                    tuples[name] = [self.plain(one) for one in node.value.elts]
                elif state := self.plain(node.value):
                    functions[name] = state
            elif isinstance(node, ast.Call):
                self._passed(node, found)
        self.events, self.functions, self.tuples = found, functions, tuples

    def _binds(self, node: ast.AST) -> list[tuple[ast.AST, str, float, State | None]]:
        """Owner (for the scope), name, line and what the name holds from there on."""
        if isinstance(node, ast.Assign):
            pairs = [pair for target in node.targets for pair in self._bound(target, node.value)]
            return [(node, name, node.lineno, state) for name, state in pairs]
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            state = self.plain(node.value) if isinstance(node.op, ast.Add) else None
            return [(node, node.target.id, node.lineno, state)]
        if isinstance(node, ast.For | ast.comprehension):
            line = getattr(node, "lineno", node.iter.lineno) - 0.5
            return [(node.iter, name, line, state) for name, state in self._looped(node.target, node.iter)]
        return []

    def _bound(self, target: ast.expr, value: ast.expr) -> list[tuple[str, State | None]]:
        if isinstance(target, ast.Name):
            return [(target.id, self.plain(value))]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            return [pair for t, v in zip(target.elts, value.elts, strict=True) for pair in self._bound(t, v)]
        states = self.tuples.get(called(value), []) if isinstance(value, ast.Call) else []
        names = getattr(target, "elts", [])
        padded = [*states, *[None] * len(names)]
        return [(one.id, state) for one, state in zip(names, padded, strict=False) if isinstance(one, ast.Name)]

    def _looped(self, target: ast.expr, over: ast.expr) -> list[tuple[str, State | None]]:
        """Names of a loop over outputs, alone or beside others (``zip``, ``enumerate``)."""
        if isinstance(target, ast.Tuple) and isinstance(over, ast.Call) and called(over) in ("zip", "enumerate"):
            values = [None, *over.args] if called(over) == "enumerate" else list(over.args)
            pairs = zip(target.elts, values, strict=False)
            return [(t.id, None if v is None else self.plain(v)) for t, v in pairs if isinstance(t, ast.Name)]
        return self._bound(target, over)

    def _passed(self, node: ast.Call, found: dict[tuple[int, str], list[tuple[float, State | None]]]) -> None:
        """An output handed to a function of the file, or kept in a list."""
        name, first = called(node), next(iter(node.args), None)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and first is not None:
            if name in ("append", "extend") and (state := self.plain(first)):
                key = (id(self.scope.get(id(node), self.tree)), node.func.value.id)
                found.setdefault(key, []).append((node.lineno, state))
            return
        for function in self.tree.body:
            if isinstance(function, ast.FunctionDef) and function.name == name:
                for parameter, argument in zip(function.args.args, node.args, strict=False):
                    if state := self.plain(argument):
                        found.setdefault((id(function), parameter.arg), []).append((function.lineno, state))


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _predicts(node: ast.Call) -> bool:
    """``model(x)``, ``self.net(x)``, ``model.predict(x)``; not ``np.array(x)``, ``print(x)`` or ``p.argmax()``."""
    if isinstance(node.func, ast.Name):
        return not hasattr(builtins, node.func.id)
    if not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in PREDICTS or not (plain_call(node.func.value) or node.func.attr in TENSOR_METHODS)
