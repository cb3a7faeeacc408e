"""``defib run -m torch.distributed.run … train.py``: the launcher runs as it is, its processes run under defib.

The launcher's own arguments stay; its training script becomes ``--module defib run [our options] train.py``. What is
trained is trained in those processes, so that this one watches nothing and passes the launcher's exit code on.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MODULE = "torch.distributed.run"
COMMAND = "torchrun"
AS_MODULE = ("-m", "--module")


@dataclass(frozen=True)
class Launch:
    """A launcher, with the arguments that make its processes run under defib."""

    script: str
    args: tuple[str, ...]
    as_module: bool


def launch_of(script: str, args: Sequence[str], options: Sequence[str], *, as_module: bool) -> Launch | None:
    """The launcher that a command line calls; ``None`` for any other program, and for one that runs no Python.

    ``options`` are those of ``defib run``, as they were written.
    """
    if not (script == MODULE if as_module else Path(script).name == COMMAND):
        return None
    position = _training_script(args)
    if position is None:
        return None
    own, rest = list(args[:position]), list(args[position:])
    module = [one for one in own if one in AS_MODULE]
    kept = [one for one in own if one not in AS_MODULE]
    ours = ["--module", "defib", "run", *options, *(["-m"] if module else [])]
    return Launch(script if as_module else _found(script), (*kept, *ours, *rest), as_module)


def _training_script(args: Sequence[str]) -> int | None:
    """Where in the launcher's arguments the training script stands, as its own parser reads them."""
    try:
        from torch.distributed.run import get_args_parser
    except ImportError:
        return None
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            parsed = get_args_parser().parse_args(list(args))
    except SystemExit:  # wrong arguments, or --help: the launcher says it itself
        return None
    return None if parsed.no_python else len(args) - len(parsed.training_script_args) - 1


def _found(script: str) -> str:
    """A command that is not a file here is looked for on the path, as a shell does."""
    return script if Path(script).is_file() else shutil.which(script) or script
