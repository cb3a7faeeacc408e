"""Options of defib that were written behind the program."""

from __future__ import annotations

import inspect
from pathlib import Path

from defib.cli import run
from defib.cli.misplaced import OPTIONS, misplaced


def test_an_option_that_the_program_does_not_know_is_told(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("print('hello')\n")
    told = misplaced(str(script), ["--budget", "60", "data.csv"])
    assert told is not None
    assert told.startswith("--budget stood behind")
    assert f"defib run --budget … {script}" in told
    assert misplaced(str(script), ["--budget=60"]) is not None


def test_arguments_of_the_program_are_its_own(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("parser.add_argument('--seed')\n")
    assert misplaced(str(script), ["--seed", "3", "--epochs", "5"]) is None
    assert misplaced(str(script), []) is None
    assert misplaced("package.module", ["--budget", "3"]) is None


def test_the_options_are_those_of_the_command() -> None:
    known = set(inspect.signature(run.run).parameters) - {"script", "args", "module"}
    assert {one.removeprefix("--") for one in OPTIONS} == {name.removeprefix("in_").replace("_", "-") for name in known}
