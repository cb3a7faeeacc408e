"""The command line: one file per verb, its docstring is its help.

Exit codes: ``run`` passes the program's own code on; 1 when ``--fail-on`` says so; 2 when defib cannot do what was
asked.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.main import get_command

from defib import __version__
from defib.cli import demo, diagnose, explain, mcp, predictions, report, run
from defib.errors import DefibError

FAILED = 2
"""Exit code of an error in what was asked."""

app = typer.Typer(
    name="defib",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Your network predicts the same thing for every row. Find out why, try the fix, and prove it.",
    epilog="A stuck script: defib run train.py. Predictions only: defib predictions p.csv --labels y.csv.",
)
app.command(context_settings={"allow_interspersed_args": False}, short_help="Run a program, diagnose what it trained.")(
    run.run
)
app.command(short_help="Diagnose a saved model on saved rows.")(diagnose.diagnose)
app.command(short_help="Read the symptom from predictions alone.")(predictions.predictions)
app.command(short_help="Print the page of a cause, or the list of causes.")(explain.explain)
app.command(short_help="Print the report of a recorded run again.")(report.report)
app.command(short_help="Run the bundled examples.")(demo.demo)
app.command(short_help="Serve an agent over the Model Context Protocol.")(mcp.mcp)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"defib {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Your network predicts the same thing for every row. Find out why, try the fix, and prove it."""


def main() -> None:
    """Entry point of the ``defib`` command.

    The click command is called directly: typer's own call would replace ``sys.excepthook``, which
    belongs to the program that ``run`` runs.
    """
    try:
        get_command(app)(prog_name="defib")
    except DefibError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(FAILED)
    except BrokenPipeError:  # | head
        sys.exit(FAILED)
