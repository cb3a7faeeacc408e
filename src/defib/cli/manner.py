"""Options that every verb which prints a report takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from defib.reporters.layout import Manner

Ascii = Annotated[bool, typer.Option("--ascii", help="Print only characters that every console has.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="Print without colour; so does NO_COLOR=1.")]


def manner_of(in_ascii: bool, no_color: bool) -> Manner:
    """What the options say, for the reporters."""
    from defib.reporters.layout import Manner

    return Manner(ascii=in_ascii, color=not no_color)
