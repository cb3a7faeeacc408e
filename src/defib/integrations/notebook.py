"""Magics for notebooks: ``%load_ext defib``, then ``%%defib`` on top of a cell that trains, or ``%defib model X y``.

The cell runs as it would without the magic, in the notebook's own names; the diagnosis of every network that it trained
is shown below its output, also when the cell fails or is interrupted.
"""

from __future__ import annotations

import argparse
import ast
import shlex
import sys
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from defib.integrations.monitor import MonitorOptions
from defib.integrations.watching import Watched

CELL = "%%defib [--budget SECONDS] [--no-trials] [--seed N]\ncode that trains"
LINE = "%defib [--budget SECONDS] [--no-trials] [--seed N] MODEL X [Y]"


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext defib``."""
    shell.register_magics(DefibMagics)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; write {LINE}\nor, on top of a cell, {CELL}")


def _parser() -> _Parser:
    parser = _Parser("%defib", add_help=False)
    parser.add_argument("--budget", type=float)
    parser.add_argument("--no-trials", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("of", nargs="*")
    return parser


@magics_class
class DefibMagics(Magics):
    """``%%defib`` and ``%defib``."""

    @line_cell_magic
    def defib(self, line: str, cell: str | None = None) -> Any:
        """Diagnose what the cell trains; or, on one line, a model in memory with the rows it was trained on."""
        asked = _parser().parse_args(shlex.split(line))
        if cell is None:
            return self._of_names(asked)
        if asked.of:
            raise UsageError(f"{asked.of[0]} is no option; write {CELL}")
        return self._of_cell(asked, cell)

    def _of_names(self, asked: argparse.Namespace) -> Any:
        from defib.diagnose import diagnose

        shell: Any = self.shell
        if len(asked.of) not in (2, 3):
            raise UsageError(f"a model and its rows are needed; write {LINE}")
        values = [eval(one, shell.user_global_ns, shell.user_ns) for one in asked.of]
        return diagnose(*values, budget=asked.budget, trials=not asked.no_trials, seed=asked.seed)

    def _of_cell(self, asked: argparse.Namespace, cell: str) -> None:
        options = MonitorOptions(not asked.no_trials, asked.budget, asked.seed, quiet=True)
        watched = Watched(options)
        try:
            with watched:
                _run(self.shell, cell)
        finally:
            _show(watched)


def _run(shell: Any, cell: str) -> None:
    """Run a cell in the notebook's names; the value of a last expression is shown, as always."""
    source = shell.transform_cell(cell)
    name = shell.compile.cache(source, shell.execution_count, raw_code=cell)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    last = [tree.body.pop()] if tree.body and isinstance(tree.body[-1], ast.Expr) else []
    exec(shell.compile(tree, name, "exec"), shell.user_global_ns, shell.user_ns)
    if last:
        exec(shell.compile(ast.Interactive(last), name, "single"), shell.user_global_ns, shell.user_ns)


def _show(watched: Watched) -> None:
    for one in watched.diagnoses:
        display(one)  # type: ignore[no-untyped-call]
    for note in watched.notes:
        sys.stderr.write(f"defib: {note}\n")
    if not watched.diagnoses and not watched.notes:
        sys.stderr.write("defib: no network was seen to train in this cell\n")
