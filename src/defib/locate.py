"""The line of the user's program that carries a fault: read from the text, starting at the calls that were recorded.

Capture knows where `fit`, the optimizer's steps, the loss and the predictions stand. Where a layer, an optimizer or an
argument is written is found in the syntax tree of the same file: ``self.fc1 = nn.Linear(...)`` by its name, the third
entry of an ``nn.Sequential`` by its number, ``dense_2`` by counting. What is ambiguous is left at the nearest recorded
call. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from defib.diagnosis import Diagnosis, Hypothesis, Place
from defib.label_lines import label_line
from defib.layer_lines import layer_line
from defib.own_loader import loader_line
from defib.program_text import Program, assigned, covers, last_name, parted, read_program

CALLS: dict[str, tuple[str, ...]] = {
    "data": ("fit", "step"),
    "labels": ("loss", "fit"),
    "head": ("loss", "compile", "fit"),
    "architecture": ("fit", "step"),
    "initialization": ("fit", "step"),
    "optimization": ("optimizer", "compile", "step", "fit"),
    "loop": ("step", "loss", "fit"),
    "serving": ("predict", "evaluate", "fit"),
    "nothing_wrong": ("predict", "evaluate", "fit"),
}
"""Stage of a cause → the recorded calls at which its fault shows, nearest first."""
AT_THE_LAYER = frozenset({"architecture", "initialization", "head"})
"""Stages whose fault is written where the layer is."""
AT_THE_LOSS = frozenset({"DF304", "DF305"})
"""Outputs and labels may both be as they were meant; what is wrong is how they meet."""
AT_ITS_LAYER = frozenset({"DF203", "DF801"})
"""What an output can say, and how fast statistics follow, is written where the layer is, whatever the stage."""
BEFORE_THE_LAYER = frozenset({"DF601"})
"""What was done to the layer, where it is written by itself, says more than where the layer is made."""
AT_THE_OPTIMIZER = frozenset({"DF703"})
"""What it holds, and at which rate: where it is made."""
FLAGS = frozenset({"requires_grad", "trainable"})
AT_THE_LENGTH = frozenset({"DF505", "DF506", "DF507"})
"""How long it trained: the call that trains, not the optimizer."""
TELLTALES: dict[str, frozenset[str]] = {
    "DF503": frozenset({"kernel_regularizer", "activity_regularizer", "weight_decay", "alpha"}),
    "DF504": frozenset(
        {"clip_grad_norm_", "clip_grad_value_", "clipnorm", "clipvalue", "global_clipnorm", "gradient_clip_val"}
    ),
    "DF505": frozenset({"EarlyStopping", "tol", "n_iter_no_change"}),
    "DF601": frozenset({"kernel_initializer", "zeros_", "constant_", "fill_"}),
    "DF603": frozenset({"load_state_dict", "load_weights"}),
    "DF701": frozenset({"trainable", "requires_grad", "requires_grad_"}),
}
"""Code of a cause → what it is written with: calls, keywords, and attributes that are set."""
SEVERAL = frozenset({"kernel_regularizer", "activity_regularizer", "kernel_initializer", "tol", "n_iter_no_change"})
"""What is set for every layer, or together: the first stands for all."""
OF_ESTIMATORS = frozenset({"alpha", "tol", "n_iter_no_change"})
"""What other things are called, too."""
SCHEDULES = ("LR", "Decay", "DecayRestarts", "LearningRateScheduler", "ReduceLROnPlateau")
BY_SCHEDULE = frozenset({"largest_learning_rate"})
"""What an assessment says where a schedule made the learning rate what it was."""
FORWARD = ("forward", "call", "__call__")
STEPS = ("step", "apply_gradients")
RATE_WORDS = frozenset({"lr", "learning_rate", "learning_rate_init", "eta0"})
OPTIMIZERS = frozenset(
    {"sgd", "adam", "adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta", "lbfgs", "lion", "adafactor"}
)
ESTIMATORS = frozenset({"MLPClassifier", "MLPRegressor"})


def with_places(
    diagnosis: Diagnosis, sources: Mapping[str, str], layers: Sequence[str], stages: Mapping[str, str]
) -> Diagnosis:
    """The diagnosis with the place of every cause that was found.

    ``sources``: ``file:line`` of the recorded calls; ``layers``: names of the model's layers, in order; ``stages``: of
    the causes, by code.
    """
    programs: dict[str, Program | None] = {}
    for source in sources.values():
        file, _ = parted(source)
        if file and file not in programs:
            programs[file] = read_program(file)
    known = {file: one for file, one in programs.items() if one is not None}
    placed = tuple(
        replace(one, at=place_of(one, stages.get(one.code, ""), sources, layers, known)) for one in diagnosis.causes
    )
    return replace(diagnosis, causes=placed)


def place_of(
    one: Hypothesis, stage: str, sources: Mapping[str, str], layers: Sequence[str], programs: Mapping[str, Program]
) -> Place | None:
    """Where this cause is written, or else where it shows."""
    for program in programs.values():
        found = _written(program, one, stage, sources.get("optimizer", ""), layers)
        if found is not None:
            return program.at(found)
    calls = ("fit", "step") if one.code in AT_THE_LENGTH else CALLS.get(stage, ("fit",))
    calls = ("optimizer", *calls) if one.code in AT_THE_OPTIMIZER else calls
    calls = ("loss", "compile", *calls) if one.code == "DF204" else calls  # the loss that reads them otherwise
    calls = ("loss", *calls) if one.code == "DF704" else calls  # the cut lies before it
    calls = ("predict", *calls) if one.code == "DF702" and "served_spread" in one.assessment.numbers else calls
    call = next((call for call in calls if sources.get(call)), None)
    if call is None:
        return None
    recorded = _recorded(sources[call], programs)
    return _where_made(recorded, programs) if call == "loss" else recorded


def _written(program: Program, one: Hypothesis, stage: str, optimizer: str, layers: Sequence[str]) -> int | None:
    """The line of this program that says it: what was done to a layer, the layer, what the step is made of."""
    layer = one.assessment.layer
    if (said := re.search(rf"\({re.escape(Path(program.file).name)}:(\d+)\)", one.assessment.because)) is not None:
        return int(said[1])
    made_so = one.code in BEFORE_THE_LAYER or bool(one.assessment.numbers.get("dead_before_training"))
    words = TELLTALES["DF601" if made_so else one.code] if made_so or one.code in TELLTALES else None
    telltale = None if words is None else telltale_line(program, words, layer or "")
    if made_so and telltale is not None:
        return telltale
    if one.code == "DF502" and BY_SCHEDULE & {*one.assessment.numbers} and (line := schedule_line(program)) is not None:
        return line
    at_the_layer = (stage in AT_THE_LAYER and one.code not in AT_THE_LOSS) or one.code in AT_ITS_LAYER
    lines = [OF_ITS_OWN[one.code](program, layer or "") if one.code in OF_ITS_OWN else None]
    lines += [layer_line(program, layer, layers) if at_the_layer and layer is not None else None]
    steps = (stage == "optimization" and one.code not in AT_THE_LENGTH) or one.code in AT_THE_OPTIMIZER
    if stage == "optimization" or one.code in AT_THE_OPTIMIZER:
        lines += [group_line(program, one, optimizer)]
    lines += [telltale, optimizer_line(program) if steps else None]
    return next((line for line in lines if line is not None), None)


def _where_made(found: Place | None, programs: Mapping[str, Program]) -> Place | None:
    """Of ``loss.backward()`` the line above it that made ``loss``; anything else as it is."""
    program = None if found is None else programs.get(found.file)
    if found is None or program is None:
        return found
    here = [call for call in program.calls if call.lineno == found.line and last_name(call.func).endswith("backward")]
    names = {node.id for call in here for node in ast.walk(call) if isinstance(node, ast.Name)}
    made = [
        node.lineno
        for node in ast.walk(program.tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.lineno < found.line
        if any(isinstance(target, ast.Name) and target.id in names for target in node.targets)
        if not last_name(node.value.func)[:1].isupper()  # an object that is called later, no loss
    ]
    return program.at(_before_the_mean(program, max(made))) if made else found


def _before_the_mean(program: Program, line: int) -> int:
    """Of ``loss = err.mean()`` the line that made ``err``, where predictions and labels meet."""
    made = [one for one in ast.walk(program.tree) if isinstance(one, ast.Assign) and one.lineno <= line]
    of: str | None = None
    for one in made:
        if one.lineno == line and isinstance(one.value, ast.Call) and last_name(one.value.func) in ("mean", "sum"):
            held = one.value.func.value if isinstance(one.value.func, ast.Attribute) else None
            of = held.id if isinstance(held, ast.Name) else None
    names = {one.lineno: one.targets[0] for one in made if one.lineno < line}
    lines = [at for at, to in names.items() if of is not None and isinstance(to, ast.Name) and to.id == of]
    return max(lines, default=line)


def _recorded(source: str, programs: Mapping[str, Program]) -> Place | None:
    file, line = parted(source)
    if not line:
        return None
    program = programs.get(file)
    return Place(file, line, "") if program is None else program.at(line)


def group_line(program: Program, one: Hypothesis, recorded: str = "") -> int | None:
    """The line of the parameter group that carries the fault: an entry of the list that the optimizer is given.

    ``recorded``: ``file:line`` at which the optimizer was made, for a program that may make several.
    """
    numbers = {spot.group for spot in one.assessment.where if spot.group is not None}
    made = [call for call in program.calls if is_optimizer(call) and call.args]
    file, line = parted(recorded)
    if line and file == program.file:
        made = [call for call in made if covers(call, line)]
    if len(numbers) != 1 or len(made) != 1 or not isinstance(made[0].args[0], (ast.List, ast.Tuple)):
        return None
    entries, number = made[0].args[0].elts, numbers.pop()
    return entries[number].lineno if number < len(entries) and isinstance(entries[number], ast.Dict) else None


def freezing_line(program: Program, layer: str = "") -> int | None:
    """The one line that takes weights out of the training: a flag set to False, or ``requires_grad_(False)``."""
    found = []
    for node in ast.walk(program.tree):
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and any(getattr(one, "attr", "") in FLAGS for one in node.targets):
            value = node.value
        if isinstance(node, ast.Call) and last_name(node.func) == "requires_grad_" and node.args:
            value = node.args[0]
        if isinstance(value, ast.Constant) and value.value is False:
            found.append(value.lineno)
    return found[0] if len(found) == 1 else None


def clearing_line(program: Program, layer: str = "") -> int | None:
    """The one ``zero_grad()`` that stands behind a ``backward()``, before any step; else the one step."""
    order = ("backward", "zero_grad", *STEPS)
    calls = [(last_name(call.func), call.lineno) for call in program.calls]
    calls = [(name, line) for name, line in calls if name in order]
    lines = [line for (before, _), (name, line) in pairwise(calls) if (before, name) == ("backward", "zero_grad")]
    steps = [line for name, line in calls if name in STEPS]
    return next((found[0] for found in (lines, steps) if len(found) == 1), None)


def plain_list_line(program: Program, layer: str) -> int | None:
    """Where ``self.hidden = [...]`` holds a layer that the model then does not count among its own."""
    plain = (ast.List, ast.ListComp, ast.Tuple, ast.Dict, ast.DictComp)
    made = [value for name, value in assigned(program.tree) if name == layer.partition(".")[0]]
    return made[0].lineno if len(made) == 1 and isinstance(made[0], plain) else None


def schedule_line(program: Program) -> int | None:
    """The one line that makes a schedule of the learning rate."""
    names = ((last_name(call.func), call.lineno) for call in program.calls)
    lines = {line for name, line in names if name.endswith(SCHEDULES) or "schedule" in name}
    return lines.pop() if len(lines) == 1 else None


def own_step_line(program: Program, layer: str = "") -> int | None:
    """Where a model of Keras begins its own ``train_step``."""
    steps = [one for one in ast.walk(program.tree) if isinstance(one, ast.FunctionDef) and one.name == "train_step"]
    inside = [one for one in steps if one.args.args and one.args.args[0].arg == "self"]
    return inside[0].lineno if len(inside) == 1 else None


def forward_line(program: Program, layer: str = "") -> int | None:
    """Where the one network of the program says how its parts are wired; the slice itself, where it is the only one."""
    found = [one for one in ast.walk(program.tree) if isinstance(one, ast.FunctionDef) and one.name in FORWARD]
    if len(found) != 1:
        return None
    slices = {one.lineno for one in ast.walk(found[0]) if isinstance(one, ast.Subscript) and _reads_one(one)}
    cut = "getitem" in layer.rpartition(":")[2] and len(slices) == 1
    return slices.pop() if cut else found[0].lineno


def _reads_one(node: ast.Subscript) -> bool:
    """``hidden[:, 0]``, ``h[:, -1]``: one position of an axis behind the rows'."""
    return isinstance(node.slice, ast.Tuple) and isinstance(node.slice.elts[0], ast.Slice)


def masked_line(program: Program, layer: str) -> int | None:
    """A step of the network stands where its parts are wired; one before it may stand anywhere."""
    return forward_line(program) if layer not in ("", "input") else None


OF_ITS_OWN: dict[str, Callable[[Program, str], int | None]] = {
    "DF104": loader_line,
    "DF201": label_line,
    "DF107": masked_line,
    "DF408": forward_line,
    "DF409": forward_line,
    "DF701": freezing_line,
    "DF703": plain_list_line,
    "DF704": own_step_line,
    "DF705": clearing_line,
}
"""Code of a cause → where it is written, given its layer."""


def optimizer_line(program: Program) -> int | None:
    """The one line that sets a step: an optimizer's construction, or an estimator's; ``None`` where there are several.

    The argument itself where it stands on a line of its own.
    """
    found = [call for call in program.calls if _sets_a_step(call)]
    if len(found) != 1:
        return None
    rate = next((word.value.lineno for word in found[0].keywords if word.arg in RATE_WORDS), None)
    return rate if rate is not None else found[0].lineno


def telltale_line(program: Program, words: frozenset[str], layer: str = "") -> int | None:
    """The one line with such a call, keyword or attribute set to a constant; ``None`` without one, or with several."""
    calls = [call for call in program.calls if last_name(call.func) in words]
    lines = {call.lineno for call in calls if not any(_is(True, one) for one in call.args)}
    given = [
        word
        for call in program.calls
        for word in call.keywords
        if word.arg in words and (word.arg not in OF_ESTIMATORS or last_name(call.func) in ESTIMATORS)
    ]
    lines |= {word.value.lineno for word in given if not _is(True, word.value)}
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Assign) and _is(False, node.value):
            lines |= {node.lineno for to in node.targets if isinstance(to, ast.Attribute) and to.attr in words}
    if lines and lines == {word.value.lineno for word in given if word.arg in SEVERAL}:
        return min(lines)
    about = {line for line in lines if layer and re.search(rf"\b{re.escape(layer)}\b", program.lines[line - 1])}
    lines = about if len(about) == 1 else lines
    return lines.pop() if len(lines) == 1 else None


def _is(flag: bool, node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is flag


def _sets_a_step(call: ast.Call) -> bool:
    in_an_estimator = last_name(call.func) in ESTIMATORS and any(word.arg in RATE_WORDS for word in call.keywords)
    return is_optimizer(call) or in_an_estimator


def is_optimizer(call: ast.Call) -> bool:
    """Whether this makes an optimizer."""
    return last_name(call.func).lower() in OPTIMIZERS
