"""Fixes of a training that a trainer runs: its settings stand where the trainer is made, in no loop of the program's.

``TrainingArguments`` of Transformers, ``Trainer`` of Lightning, the networks of skorch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from defib.locate import is_optimizer
from defib.program_text import Program, last_name

RATE = re.compile(r"^optimizer = torch\.optim\.\w+\(.*\blr=([^,()]+)\)(.*)$", re.MULTILINE)
EPOCHS = re.compile(r"^n_epochs = (\S+)(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """How a trainer calls its settings; nothing for what is said elsewhere."""

    rate: str
    epochs: str


def _words(call: ast.Call) -> Words | None:
    name, given = last_name(call.func), {word.arg for word in call.keywords}
    if name.endswith("TrainingArguments"):
        return Words("learning_rate", "num_train_epochs")
    if name.startswith("NeuralNet"):
        return Words("lr", "max_epochs")
    return Words("", "max_epochs") if name == "Trainer" and "max_epochs" in given else None


def with_own_trainer(code: str, program: Program) -> str:
    """The code with learning rate and epochs as the program's one trainer takes them; as it is where there is none.

    >>> here = Program("a.py", (), ast.parse("net = NeuralNetClassifier(Net, lr=0.5)"))
    >>> with_own_trainer("optimizer = torch.optim.SGD(model.parameters(), lr=0.05)  # was 0.5", here)
    'net = NeuralNetClassifier(..., lr=0.05)  # was 0.5; the rest as it is'
    """
    made = [(call, words) for call in program.calls if (words := _words(call)) is not None]
    if len(made) != 1:
        return code
    call, words = made[0]
    name = next((f"{ast.unparse(target)} = " for target in _targets(program, call)), "")

    def said(word: str) -> str:
        return rf"{name}{ast.unparse(call.func)}(..., {word}=\1)\2; the rest as it is"

    if words.rate and not any(is_optimizer(one) for one in program.calls):
        code = RATE.sub(said(words.rate), code)
    return EPOCHS.sub(said(words.epochs), code)


def _targets(program: Program, call: ast.Call) -> Iterator[ast.expr]:
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Assign) and node.value is call and len(node.targets) == 1:
            yield node.targets[0]


def is_self(program: Program, name: str) -> bool:
    """Whether a module of Lightning calls itself so where it makes its optimizer: ``self``, or ``s``."""
    made = [one for one in ast.walk(program.tree) if isinstance(one, ast.FunctionDef)]
    return any(one.name == "configure_optimizers" and one.args.args and one.args.args[0].arg == name for one in made)


def fitted_model(program: Program) -> str:
    """``net`` of the only ``trainer.fit(net, ...)``; nothing where there are several, or an expression."""
    fits = [one for one in program.calls if isinstance(one.func, ast.Attribute) and one.func.attr == "fit"]
    given = {ast.unparse(one.args[0]) for one in fits if one.args and isinstance(one.args[0], ast.Name)}
    return given.pop() if len(given) == 1 and len(fits) == 1 else ""
