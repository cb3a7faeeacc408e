"""``defib mcp``: serve an agent over the Model Context Protocol (stdio)."""

from __future__ import annotations

from typing import Annotated

import typer


def mcp(
    allow_run: Annotated[
        bool, typer.Option("--allow-run", help="Let the agent run Python programs and load pickled models.")
    ] = False,
) -> None:
    """Serve diagnose, explain, report and predictions to an agent, over standard input and output.

    Without --allow-run nothing of the agent's choosing is executed: programs and pickled models are refused.
    """
    from defib.integrations.mcp import serve

    serve(allow_run=allow_run)
