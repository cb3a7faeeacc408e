"""``defib demo``: the bundled examples through ``defib run``, one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from defib.errors import InputError, MissingFrameworkError

FRAMEWORK = re.compile(r"^\s*(?:import|from)\s+(keras|tensorflow|torch|tf_keras)\b", re.MULTILINE)
EXTRAS = {"keras": "keras", "tensorflow": "keras", "torch": "torch", "tf_keras": "tf-keras"}


def demo(
    name: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Examples by name or number; all if left out.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the examples and stop.")] = False,
    budget: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Seconds for trials, per model.")
    ] = None,
    no_trials: Annotated[bool, typer.Option("--no-trials", help="Diagnose without training anything.")] = False,
) -> None:
    """Run the bundled examples as defib run would, and print the diagnosis of each.

    They are ordinary programs with ordinary faults; each begins with its story. None of them mentions defib.
    """
    examples = [found for wanted in name for found in _matching(wanted)] if name else list(all_examples())
    if show:
        for path in examples:
            print(f"{path.stem:<36} {story(path)[0]}")
        return
    ready = [path for path in examples if not missing_frameworks(path)]
    if not ready:
        _raise_missing(examples[0])
    options = ["--no-trials"] if no_trials else []
    options += [] if budget is None else ["--budget", str(budget)]
    failed = [path.stem for path in ready if _run(path, options) != 0]
    for path in (path for path in examples if path not in ready):
        print(f"Not run: {path.stem} needs {', '.join(missing_frameworks(path))}")
    if failed:
        print(f"Ended with an error: {', '.join(failed)}")
        raise typer.Exit(1)


def examples_folder() -> Path:
    """Where the examples are: beside the sources in a checkout, else where they were installed."""
    checkout = Path(__file__).resolve().parents[3] / "examples"
    installed = Path(sysconfig.get_path("data")) / "share" / "defib" / "examples"
    return checkout if checkout.is_dir() else installed


def all_examples() -> tuple[Path, ...]:
    """All examples, in order; raises `InputError` when the installation has none."""
    found = tuple(path for path in sorted(examples_folder().glob("*.py")) if path.name[0].isdigit())
    if not found:
        raise InputError(
            "no-examples",
            came=f"there are no examples in {examples_folder()}",
            expected="the examples that are installed with defib",
            write="pip install --force-reinstall defib",
        )
    return found


def _matching(wanted: str) -> tuple[Path, ...]:
    """Examples with this name, number (``4`` is 4a, 4b and 4c) or name without its number."""
    key = wanted.removesuffix(".py").lower()
    hits = tuple(path for path in all_examples() if key in _names(path))
    if not hits:
        raise InputError(
            "unknown-example",
            came=f"no example is called {wanted}",
            expected=f"one of {', '.join(path.stem for path in all_examples())}",
            write="defib demo --list",
        )
    return hits


def _names(path: Path) -> set[str]:
    number, _, rest = path.stem.lower().partition("_")
    short = number.lstrip("0")
    return {path.stem.lower(), rest, number, short, short.rstrip("abcdefgh")}


def story(path: Path) -> list[str]:
    """The comment an example begins with."""
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    return lines or [""]


def missing_frameworks(path: Path) -> tuple[str, ...]:
    """Frameworks an example imports that are not installed."""
    wanted = dict.fromkeys(FRAMEWORK.findall(path.read_text(encoding="utf-8")))
    return tuple(name for name in wanted if find_spec(name) is None)


def _raise_missing(path: Path) -> None:
    missing = missing_frameworks(path)
    raise MissingFrameworkError(
        "framework-missing",
        came=f"{path.stem} needs {' and '.join(missing)}, which is not installed for {sys.executable}",
        expected="the framework in the same environment as defib",
        write=f"pip install 'defib[{','.join(dict.fromkeys(EXTRAS[name] for name in missing))}]'",
    )


def _run(path: Path, options: list[str]) -> int:
    """One example in a process of its own, as a user would run it."""
    print(f"\n=== {path.stem}")
    for line in story(path):
        print(f"    {line}")
    print(f"    $ defib run {' '.join([*options, str(path)])}\n", flush=True)
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    return subprocess.run([sys.executable, "-m", "defib", "run", *options, str(path)], env=environment).returncode
