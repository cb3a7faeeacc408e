"""The code of a fix in the names of the user's own program, so that it can be pasted where it belongs.

Interventions write ``model``, ``optimizer``, ``X_train``. What these are called in the program is read at the calls
that were recorded: ``opt = SGD(net.parameters())`` names the optimizer and the model, ``clf.fit(X, y)`` the rows and
labels. A name that the text does not tell for certain is left as it is; so is one that the fix assigns to where the
program has an expression (``X[:800]``), or that would make two names of the fix one. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from defib.diagnosis import Diagnosis
from defib.locate import RATE_WORDS, is_optimizer
from defib.own_calls import PLACES, with_own_calls
from defib.own_flax import as_linen
from defib.own_layer import with_own_layer
from defib.own_loader import with_own_dataset, with_own_loader
from defib.own_trainers import fitted_model, is_self, with_own_trainer
from defib.program_text import Program, covers, last_name, parted, read_program

GENERIC = ("model", "optimizer", "criterion", "inputs", "targets", "loader", "X_train", "y_train", "X_new", "prepare")
"""Names that interventions write."""
PREPARING = ("Scaler", "Normalizer", "Transformer", "Encoder", "Discretizer", "Imputer", "Vectorizer")
"""Ends of the classes that are fitted to rows and then prepare others."""
MODULES = {
    "torch": "import torch",
    "np": "import numpy as np",
    "keras": "import keras",
    "cross_val_score": "from sklearn.model_selection import cross_val_score",
    "HistGradientBoostingClassifier": "from sklearn.ensemble import HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor": "from sklearn.ensemble import HistGradientBoostingRegressor",
}
"""What the code of a fix may need, and the program may have under another name."""
HOLDS_OTHERS = "DF703"
"""With this fault the optimizer holds the weights of something else: it does not say what the model is called."""
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
"""Settings of an optimizer of Keras that leave little of a gradient."""
CROSSED = frozenset({"cross_val_predict", "cross_val_score", "cross_validate", "permutation_test_score"})
LONGEST_NAME = 30
"""Characters of an expression that still reads as a name."""


def with_own_names(
    diagnosis: Diagnosis,
    sources: Mapping[str, str],
    outputs: Sequence[str] = (),
    output: str = "",
    *,
    head: str = "",
    layers: Sequence[str] = (),
) -> Diagnosis:
    """The diagnosis with its fix in the program's names; ``sources``: ``file:line`` of the recorded calls.

    ``output``: the one of several, ``outputs``, that the diagnosis is about; ``head``: name of the layer that holds the
    head's weights, one of ``layers``.
    """
    fix, places = diagnosis.fix, {call: parted(source) for call, source in sources.items()}
    file = next((places[call][0] for call in ("optimizer", "fit", "step", "loss") if call in places), "")
    program = read_program(file) if file else None
    if fix is None or not fix.code or program is None:
        return diagnosis
    lines = {call: line for call, (where, line) in places.items() if where == file}
    names, made = names_in(program, lines, diagnosis.framework), _optimizer(program, lines)
    if diagnosis.causes and diagnosis.causes[0].code == HOLDS_OTHERS:
        names.pop("model", None)
        made = None
    code = renamed(fix.code, names)
    if diagnosis.framework == "torch" and "prepare" in names:
        code = _as_tensor(code, names["prepare"])
    if made is not None:
        without = CLIPS if "clip-off" in fix.interventions else ()
        by = "" if _is_made(program, made[1]) else _times(fix.interventions)
        code = with_own_settings(code, made[1], without, by=by)
    code = with_own_loader(code, program)
    if diagnosis.framework == "torch":
        code = with_own_trainer(code, program)
    if diagnosis.framework == "jax":
        code = as_linen(code, program)
    if diagnosis.framework == "keras":
        own = _calls_of(program, lines)
        code = with_own_calls(code, own, fix.interventions, outputs=outputs, output=output)
        code = with_own_dataset(code, program, own.get("fit"))
        code = with_own_layer(code, program, head, layers)
    return replace(diagnosis, fix=replace(fix, code=with_imports(code, program)))


def _calls_of(program: Program, lines: Mapping[str, int]) -> dict[str, ast.Call]:
    """The program's own ``compile`` and ``fit``, where a recorded line holds one such call."""
    found: dict[str, ast.Call] = {}
    for name in PLACES:
        calls = [call for call in program.calls if _is(call, name) and covers(call, lines.get(name, 0))]
        found |= {name: calls[0]} if len(calls) == 1 else {}
    return found


def names_in(program: Program, lines: Mapping[str, int], framework: str) -> dict[str, str]:
    """What stands for each generic name in this program; only what is certain. ``lines``: of the recorded calls."""
    if framework == "torch":
        found = dict(_of_torch(program, lines))
    elif framework in ("keras", "sklearn"):
        found = dict(_of_fit(program, lines))
    else:
        return {}
    if framework != "sklearn":  # there a pipeline takes the object itself
        found["prepare"] = _fitted(program)
    found = {name: text for name, text in found.items() if text and len(text) <= LONGEST_NAME}
    return {name: text for name, text in found.items() if list(found.values()).count(text) == 1}


def _of_torch(program: Program, lines: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if (made := _optimizer(program, lines)) is not None:
        name, call = made
        yield "optimizer", name
        holders = {_receiver(one) for one in ast.walk(call) if isinstance(one, ast.Call) and _is(one, "parameters")}
        holder = holders.pop() if len(holders) == 1 else ""
        yield "model", fitted_model(program) if is_self(program, holder) else holder
    losses = [name for name, call in _made(program) if last_name(call.func).endswith("Loss")]
    yield "criterion", losses[0] if len(losses) == 1 else ""
    yield from _of_loop(program, lines.get("step", 0))


def _optimizer(program: Program, lines: Mapping[str, int]) -> tuple[str, ast.Call] | None:
    """The name and the construction of the optimizer: the recorded one, or the only one."""
    named = {id(call): name for name, call in _made(program)}
    made = [call for call in program.calls if is_optimizer(call)]
    made = [call for call in made if covers(call, lines.get("optimizer", 0))] or made
    return (named.get(id(made[0]), ""), made[0]) if len(made) == 1 else None


def _is_made(program: Program, optimizer: ast.Call) -> bool:
    """Whether its learning rate is an object that was made, a schedule, and no number to be multiplied."""
    called = {name for name, _ in _made(program)}
    given = [*optimizer.args, *(word.value for word in optimizer.keywords if word.arg in RATE_WORDS)]
    rates = [
        one for one in given if not any(_is(call, "parameters") for call in ast.walk(one) if isinstance(call, ast.Call))
    ]
    parts = [part for one in rates for part in ast.walk(one)]
    # of ``cfg.lr`` the object was made, and what it holds is a number
    holders = [part.value for part in parts if isinstance(part, ast.Attribute | ast.Subscript)]
    names = [part for part in parts if isinstance(part, ast.Name) and part not in holders]
    return any(isinstance(one, ast.Call) for one in parts) or any(one.id in called for one in names)


STEP = re.compile(r"step-(times|divided-by)-(\d+)")


def _times(interventions: Sequence[str]) -> str:
    """What is done to the learning rate, as it is written behind it; empty where it is set to a number of its own.

    >>> _times(["standardize-inputs", "step-divided-by-10"]), _times(["usual-learning-rate"])
    (' / 10', '')
    """
    found = [match for name in interventions if (match := STEP.fullmatch(name)) is not None]
    return "".join(f" {'*' if one[1] == 'times' else '/'} {one[2]}" for one in found[:1])


def with_own_settings(code: str, made: ast.Call, without: Sequence[str] = (), by: str = "") -> str:
    """The code with the program's own construction of the optimizer, but for what the fix sets: the learning rate.

    ``by``: what is done to a learning rate that the program has as a variable, or that a schedule does not reach.

    >>> made = ast.parse("SGD(net.parameters(), 0.5, momentum=0.9)").body[0].value
    >>> with_own_settings("optimizer = torch.optim.SGD(model.parameters(), lr=0.05)  # was 0.5", made)
    'optimizer = SGD(net.parameters(), 0.05, momentum=0.9)  # was 0.5'
    """
    if any(isinstance(one, (ast.List, ast.Starred)) for one in made.args) or any(not one.arg for one in made.keywords):
        return code  # groups with settings of their own
    try:
        calls = [one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call) and is_optimizer(one)]
    except SyntaxError:
        return code
    lines = code.splitlines(keepends=True)
    for call in sorted(calls, key=lambda one: -one.col_offset):
        if last_name(call.func) == last_name(made.func) and call.lineno == call.end_lineno and call.keywords:
            line = lines[call.lineno - 1]
            lines[call.lineno - 1] = (
                line[: call.col_offset] + _merged(call, made, without, by) + line[call.end_col_offset :]
            )
    return "".join(lines)


def _merged(call: ast.Call, made: ast.Call, without: Sequence[str], by: str) -> str:
    """``made``, with the settings of ``call`` in place of its own; the learning rate may stand by its position."""
    args, said = list(made.args), {word.arg: word for word in call.keywords}
    rate = next((word for name, word in said.items() if name in RATE_WORDS), None)
    place = len(call.args)  # behind what the optimizer of PyTorch holds
    own = next(
        (word.value for word in made.keywords if word.arg in RATE_WORDS), args[place] if len(args) > place else None
    )
    if rate is not None and own is not None and by and not _is_said(own, rate.value, by):
        rate.value = ast.parse(ast.unparse(own) + by, mode="eval").body
    if rate is not None and len(args) > place:
        args[place] = said.pop(rate.arg).value
    taken = {*said, *without, *(RATE_WORDS if rate is not None else ())}
    words = [*said.values(), *(word for word in made.keywords if word.arg not in taken)]
    return ast.unparse(ast.Call(made.func, args, words))


def _is_said(own: ast.expr, said: ast.expr, by: str) -> bool:
    """Whether the number that the fix sets is what it does to the program's own number."""
    try:
        mine, new = float(ast.literal_eval(own)), float(ast.literal_eval(said))
    except (ValueError, TypeError):
        return False
    factor = float(by.split()[1])
    return math.isclose(mine * factor if "*" in by else mine / factor, new, rel_tol=1e-3)


def _of_loop(program: Program, step: int) -> Iterator[tuple[str, str]]:
    """``for xb, yb in loader`` around the optimizer's step, perhaps counted by ``enumerate``."""
    loops = [one for one in ast.walk(program.tree) if isinstance(one, ast.For) and covers(one, step)]
    for loop in sorted(loops, key=lambda one: -one.lineno)[:1]:
        target, over = loop.target, loop.iter
        if isinstance(over, ast.Call) and last_name(over.func) == "enumerate" and isinstance(target, ast.Tuple):
            target, over = target.elts[-1], over.args[0] if over.args else over
        if isinstance(target, ast.Tuple) and [type(one) for one in target.elts] == [ast.Name, ast.Name]:
            yield "inputs", _text(target.elts[0])
            yield "targets", _text(target.elts[1])
            yield "loader", _text(over) if isinstance(over, (ast.Name, ast.Attribute)) else ""


def _of_fit(program: Program, lines: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """``net.fit(x, t)``, and ``net.predict(x_test)``."""
    here = [call for call in program.calls if covers(call, lines.get("fit", 0))]
    crossed = [call.args for call in here if last_name(call.func) in CROSSED and len(call.args) > 2]
    if len(crossed) == 1:  # cross_val_predict(clf, X, y)
        yield from zip(("model", "X_train", "y_train"), map(_text, crossed[0]), strict=False)
    fit = [call for call in here if _is(call, "fit")]
    if len(fit) != 1:
        return
    yield "model", _receiver(fit[0])  # the code is written for what holds the network, a pipeline say
    given = {word.arg: word.value for word in fit[0].keywords}
    rows, labels = (
        fit[0].args[place] if place < len(fit[0].args) else given.get(word) for place, word in enumerate("xy")
    )
    if rows is None or labels is None:
        return  # one object that holds both: no array
    yield "X_train", "" if _holds_arrays(program, rows) else _text(rows)
    yield "y_train", _text(labels)
    asked = [call for call in program.calls if covers(call, lines.get("predict", 0)) and _is(call, "predict")]
    if len(asked) == 1 and asked[0].args:
        yield "X_new", _text(asked[0].args[0])


def _holds_arrays(program: Program, rows: ast.expr) -> bool:
    """Whether it is made as a dict or list of several inputs, which cannot be sliced or counted as rows are."""
    made = [one for one in ast.walk(program.tree) if isinstance(one, ast.Assign)]
    values = [one.value for one in made if any(_text(target) == _text(rows) for target in one.targets)]
    several = (ast.Dict, ast.DictComp, ast.List, ast.Tuple)
    return any(isinstance(one, several) or (isinstance(one, ast.Call) and _text(one.func) == "dict") for one in values)


def _fitted(program: Program) -> str:
    """``scaler.transform`` of the one object that is fitted to rows."""
    made = {name for name, call in _made(program) if name and last_name(call.func).endswith(PREPARING)}
    chained = [
        (name, call.func.value)
        for name, call in _made(program)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "fit"
    ]
    made |= {name for name, one in chained if isinstance(one, ast.Call) and last_name(one.func).endswith(PREPARING)}
    return f"{made.pop()}.transform" if len(made) == 1 and not _lacks_transform(program) else ""


def _lacks_transform(program: Program) -> bool:
    """A class of the program's own that is called so and has no such method."""
    own = [one for one in ast.walk(program.tree) if isinstance(one, ast.ClassDef) and one.name.endswith(PREPARING)]
    return any(
        not any(isinstance(part, ast.FunctionDef) and part.name == "transform" for part in one.body) for one in own
    )


def _as_tensor(code: str, prepare: str) -> str:
    """What scikit-learn prepares are arrays, which a network of PyTorch does not take.

    >>> _as_tensor("p = net(sc.transform(X_new))  # as trained", "sc.transform")
    'p = net(torch.as_tensor(sc.transform(X_new), dtype=torch.float32))  # as trained'
    """
    return re.sub(rf"({re.escape(prepare)}\(\w+\))", r"torch.as_tensor(\1, dtype=torch.float32)", code)


def _made(program: Program) -> Iterator[tuple[str, ast.Call]]:
    """Every ``name = call(...)``."""
    for one in ast.walk(program.tree):
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.value, ast.Call):
            yield _text(one.targets[0]), one.value


def _is(call: ast.Call, method: str) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == method


def _receiver(call: ast.Call) -> str:
    return _text(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    """A name, ``self.net`` or a slice, as written; nothing for what is computed."""
    inner: ast.expr = node
    while isinstance(inner, (ast.Attribute, ast.Subscript)):
        inner = inner.value
    return ast.unparse(node) if isinstance(inner, ast.Name) else ""


def renamed(code: str, names: Mapping[str, str]) -> str:
    """The code with these names; the same code where it cannot be read, or a name stands for a slice it assigns to.

    >>> renamed("model.fit(X_train, y_train, epochs=10)  # the model", {"model": "net", "X_train": "X[:80]"})
    'net.fit(X[:80], y_train, epochs=10)  # the model'
    >>> renamed("X_train = X_train / sd", {"X_train": "X[:80]"})
    'X_train = X_train / sd'
    >>> renamed("optimizer = SGD(model.parameters())", {"optimizer": "self.opt"})
    'self.opt = SGD(model.parameters())'
    """
    try:
        tree = ast.parse(code)
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (SyntaxError, tokenize.TokenError):
        return code
    bound = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    taken = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} - set(names)
    usable = {
        name: text
        for name, text in names.items()
        if (text.replace(".", "").isidentifier() or name not in bound) and text not in taken - {name}
    }
    lines = code.splitlines(keepends=True)
    for place, token in reversed(list(enumerate(tokens))):
        if token.type == tokenize.NAME and token.string in usable and not _is_no_name(tokens, place):
            (row, start), (_, end) = token.start, token.end
            lines[row - 1] = lines[row - 1][:start] + usable[token.string] + lines[row - 1][end:]
    return "".join(lines)


def _is_no_name(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """An attribute, or the keyword of an argument: these are the framework's."""
    before = tokens[place - 1].string if place else ""
    after = tokens[place + 1].string if place + 1 < len(tokens) else ""
    return before == "." or (before in ("(", ",") and after == "=" and tokens[place].start[1] > 0)


def with_imports(code: str, program: Program) -> str:
    """The code after the imports that it needs and the program lacks; ``keras`` as the program gets it."""
    try:
        used = {one.id for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Name)}
    except SyntaxError:
        return code
    modules, bound = set[str](), set[str]()
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Import):
            modules |= {one.name.partition(".")[0] for one in node.names}
            bound |= {one.asname or one.name.partition(".")[0] for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module.partition(".")[0])
            bound |= {one.asname or one.name for one in node.names}
    said = {**MODULES, "keras": _keras(modules)}
    lacking = [line for name, line in said.items() if name in used and name not in bound and line not in code]
    return "\n".join([*lacking, code])


def _keras(modules: set[str]) -> str:
    if "keras" in modules or not modules & {"tensorflow", "tf_keras"}:
        return MODULES["keras"]
    return "import tf_keras as keras" if "tf_keras" in modules else "from tensorflow import keras"
