"""``defib explain``: a cause's page."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from defib.cli.manner import Ascii, NoColor, manner_of


def explain(
    cause: Annotated[
        str | None, typer.Argument(metavar="CAUSE", help="A code (DF401) or name (dead-relus); none: the list.")
    ] = None,
    in_ascii: Ascii = False,
    no_color: NoColor = False,
) -> None:
    """Print the page of a cause: what it is, what speaks for and against it, and its fixes."""
    from defib.pages import find_cause
    from defib.reporters.layout import show
    from defib.reporters.page import cause_list, cause_view

    show(cause_list() if cause is None else cause_view(find_cause(cause)), sys.stdout, manner_of(in_ascii, no_color))
