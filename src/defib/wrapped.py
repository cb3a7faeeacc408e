"""Where a network stands inside the estimator that the user fits: how its settings are called from there."""

from __future__ import annotations

import ast
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

SEARCHED: Final = "estimator"
"""What a search calls the estimator that it copies."""


@dataclass(frozen=True)
class Wrapped:
    """The way from the user's estimator to the network."""

    route: str = ""
    """What stands in front of each setting's name: ``mlpclassifier__``; empty for the network itself."""
    search: str = ""
    """Class of the search whose best estimator is meant (``GridSearchCV``); empty without one."""
    last: bool = False
    """Whether it is the last step of a pipeline: what is put in front of it goes between it and the other steps."""


def wrapped_in(owner: Any, network: Any) -> Wrapped:
    """How ``owner``, an estimator of scikit-learn's, holds this network, itself or a copy of it.

    Where it holds several of one class and none of them is this one, the settings' names stay as they are.
    """
    if owner is None or owner is network:
        return Wrapped()
    search = type(owner).__name__ if hasattr(owner, "cv") and getattr(owner, "refit", False) else ""
    inside = owner.get_params(deep=True)
    found = [name for name, value in inside.items() if value is network]
    found = found or [name for name, value in inside.items() if type(value) is type(network)]
    names = [name.removeprefix(SEARCHED).removeprefix("__") if search else name for name in found]
    name = names[0] if len(names) == 1 else ""
    steps = getattr(owner.estimator if search else owner, "steps", None)
    last = bool(name) and steps is not None and name == steps[-1][0]
    return Wrapped(f"{name}__" if name else "", search, last)


def as_written(code: str, wrapped: Wrapped, settings: Container[str]) -> str:
    """The code for a network called ``model``, for a ``model`` that holds it; ``settings``: names of the network's own.

    >>> pipeline = Wrapped("net__")
    >>> print(as_written("model.set_params(alpha=model.alpha / 10)  # less", pipeline, {"alpha"}))
    model.set_params(net__alpha=model.get_params()["net__alpha"] / 10)  # less
    """
    code = _in_front(code) if wrapped.last else code
    edits = _edits(code, wrapped.route, settings) if wrapped.route else []
    rows = [line.encode() for line in code.split("\n")]
    for line, start, end, text in sorted(edits, reverse=True):
        rows[line - 1] = rows[line - 1][:start] + text.encode() + rows[line - 1][end:]
    written = "\n".join(row.decode() for row in rows)
    if wrapped.search and "model" in written:
        return f"model = model.best_estimator_  # the one that {wrapped.search} chose\n{written}"
    return written


IN_FRONT: Final = re.compile(r"^model = make_pipeline\((\w+)\(\), model\).*$", re.MULTILINE)
IMPORT: Final = "from sklearn.pipeline import make_pipeline\n"


def _in_front(code: str) -> str:
    """A step in front of the whole pipeline, which may take texts and tables, for one right in front of the network.

    >>> _in_front("model = make_pipeline(StandardScaler(), model)  # both")
    'model.steps.insert(-1, ("standardscaler", StandardScaler()))  # right in front of the network'
    """
    written = IN_FRONT.sub(
        lambda found: f'model.steps.insert(-1, ("{found[1].lower()}", {found[1]}()))  # right in front of the network',
        code,
    )
    return written.replace(IMPORT, "") if written != code else code


def _edits(code: str, route: str, settings: Container[str]) -> list[tuple[int, int, int, str]]:
    """What to write where: ``(line, first byte, byte behind the last, text)``."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "set_params":
            at = [(one.lineno, one.col_offset) for one in node.keywords if one.arg in settings]
            found += [(line, column, column, route) for line, column in at]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "model" and node.attr in settings:
            start, end = node.col_offset, node.end_col_offset or node.col_offset
            found.append((node.lineno, start, end, f'model.get_params()["{route}{node.attr}"]'))
    return found
