"""Serve defib to an agent over the Model Context Protocol, with the official SDK.

Four tools: ``diagnose`` (a program, or a saved model and its rows), ``explain``, ``report`` and ``predictions``.
Programs run in a process of their own, so that nothing they print disturbs the protocol and a crash ends nothing here;
they, and pickled models, only when the server was started with ``allow_run``. Every answer is short and ends with the
next step.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from defib import __version__
from defib.errors import DefibError, InputError, MissingFrameworkError

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

P = ParamSpec("P")
T = TypeVar("T")
INSTRUCTIONS = (
    "A trained network predicts the same for every row? diagnose() says whether that is so, names the one cause with "
    "its evidence, rules out the look-alikes and proves the smallest fix. With predictions alone, use predictions(). "
    "A fix is proven only where it says verified."
)
SECONDS = 3600.0
"""After which a program is ended; its recording up to there is reported."""
TAIL = 1500
"""Characters of a program's own output that are passed on."""
SAFE_MODELS = (".keras",)
"""Model files that run no code when they are loaded."""


def serve(*, allow_run: bool = False) -> None:
    """Serve on standard input and output until the client leaves."""
    server(allow_run=allow_run).run("stdio")


def server(*, allow_run: bool = False) -> MCPServer[Any]:
    """The server with its tools. Raises `MissingFrameworkError` without the SDK."""
    try:
        from mcp.server.mcpserver import MCPServer
    except ImportError as error:
        raise MissingFrameworkError(
            "mcp-missing",
            came=f"the package mcp, version 2 or later, cannot be imported ({error})",
            expected="the official SDK of the Model Context Protocol",
            write="pip install 'defib[mcp]'",
        ) from None
    made: MCPServer[Any] = MCPServer("defib", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")

    def diagnose(
        target: str,
        args: list[str] | None = None,
        rows: str | None = None,
        labels: str | None = None,
        budget_seconds: float | None = None,
        trials: bool = True,
    ) -> dict[str, Any]:
        """Why does this network predict the same for every row, and what is the smallest fix?

        target: a Python program (.py) that trains it, with its args; or a saved model (.keras, .joblib, .pt) with rows
        (NPY, NPZ or CSV, as they reach the model) and labels (a file, FILE:COLUMN, or a column of rows). Trials train
        clones for at most budget_seconds (default: as long as the training took).
        """
        _may_run(target, allow_run)
        options = [] if budget_seconds is None else ["--budget", str(budget_seconds)]
        options += [] if trials else ["--no-trials"]
        if Path(target).suffix == ".py":
            return _ran(["run", "--quiet", *options, Path(target).name, *(args or [])], Path(target).parent)
        given = [str(Path(target).absolute()), *([] if rows is None else [str(Path(rows).absolute())])]
        return _ran(
            ["diagnose", "--quiet", *options, *given, *([] if labels is None else ["--labels", labels])], Path()
        )

    made.add_tool(_answering(diagnose))
    for tool in (explain, report, predictions):
        made.add_tool(_answering(tool))
    return made


def explain(cause: str = "") -> dict[str, Any]:
    """The page of a cause (code or name): evidence for and against, look-alikes, fix; without one, all causes."""
    from defib.catalogue import all_causes
    from defib.pages import find_cause, page

    if not cause:
        return {"causes": {one.code: one.name for one in all_causes()}, "next": "explain(cause=CODE)"}
    found = find_cause(cause)
    shown = {"code": found.code, "name": found.name, "page": page(found), "fixes": list(found.fixes)}
    return {**shown, "next": "diagnose(target) holds a program against this cause and its look-alikes"}


def report(recording: str = "", directory: str = ".") -> dict[str, Any]:
    """What defib run found: the recording named, else the newest one below directory/.defib/."""
    from defib.recording import newest

    return _recorded(Path(recording) if recording else newest(Path(directory)))


def predictions(file: str, labels: str = "", link: str = "identity") -> dict[str, Any]:
    """Are these predictions flat, at which value, and what does that value point to?

    file: CSV, NPY or NPZ, one row per prediction. labels: a file, FILE:COLUMN or a column of file, of rows that were
    not trained on. link: identity, sigmoid or softmax if file holds logits.
    """
    from defib.labelled import outputs_and_labels
    from defib.pointers import points_to
    from defib.read_symptom import read_symptom
    from defib.reporters.json import symptom_to_dict
    from defib.wording import symptom_sentence

    outputs, y = outputs_and_labels(Path(file), labels or None)
    symptom = read_symptom(outputs, link=link, y=y)
    pointer = points_to(symptom)
    return {
        "sentence": symptom_sentence(symptom),
        "symptom": symptom_to_dict(symptom),
        "usually_comes_from": None if pointer is None else pointer.says,
        "look_at": [] if pointer is None else list(pointer.codes),
        "next": "the value is a pointer, no proof: diagnose() the program that trained the network",
    }


def _answering(tool: Callable[P, T]) -> Callable[P, T]:
    """The tool, with a user's error as its answer's text: three beats, no traceback."""
    from functools import wraps

    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return tool(*args, **kwargs)
        except DefibError as error:
            raise ToolError(error.message) from None

    return answer


def _may_run(target: str, allow_run: bool) -> None:
    if allow_run or Path(target).suffix.lower() in SAFE_MODELS:
        return
    raise InputError(
        "run-not-allowed",
        came=f"{target} would run code, and this server was started without --allow-run",
        expected="a .keras model with its rows, a recording, or predictions",
        write="defib mcp --allow-run    # by the person who starts the server",
    )


def _ran(arguments: Sequence[str], directory: Path) -> dict[str, Any]:
    """Run defib in a process of its own and read what it recorded."""
    process = subprocess.Popen(
        [sys.executable, "-m", "defib", *arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    found = sorted((directory / ".defib").glob(f"*-{process.pid}.jsonl"))
    if not found:
        raise InputError(
            "nothing-diagnosed",
            came=f"defib {' '.join(arguments)} ended with {process.returncode}: {err[-TAIL:].strip()}",
            expected="a program that trains a network in its own process, or a model that can be loaded",
            write="predictions(file)    # if all there is are predictions",
        )
    return {**_recorded(found[-1]), "exit_code": process.returncode, "output_tail": out[-TAIL:]}


def _recorded(path: Path) -> dict[str, Any]:
    """Every diagnosis of a recording, brief."""
    from defib.recording import load
    from defib.reporters.background import background_of
    from defib.reporters.brief import brief

    loaded = load(path)
    background = background_of(loaded)
    found = [brief(one, background.location(index, one)) for index, one in enumerate(loaded.diagnoses)]
    for one in found:
        one["next"] = _as_tool(one["next"])
    said: dict[str, Any] = {"diagnoses": found, "recording": str(path)}
    if not found:
        said["note"] = f"the run ended before a diagnosis; it had trained {', '.join(loaded.models) or 'nothing'}"
    return said


def _as_tool(command: str) -> str:
    """A page to read next as the tool that shows it; other commands as they are.

    >>> _as_tool("defib explain dead-relus"), _as_tool("defib run --budget 120 train.py")
    ("explain(cause='dead-relus')", 'defib run --budget 120 train.py')
    """
    verb, _, cause = command.partition(" explain ")
    return f"explain(cause={cause!r})" if verb == "defib" and cause else command
