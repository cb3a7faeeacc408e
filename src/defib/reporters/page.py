"""Pages of causes in the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table

from defib.catalogue import CAUSES, all_causes, load
from defib.causes import Cause
from defib.pages import page, summary
from defib.reporters.prose import Text


def cause_view(cause: Cause) -> RenderableType:
    """The whole page; its first paragraph, the summary, stands on top."""
    _, _, body = page(cause).partition("\n\n")
    title = Text.assemble((cause.name, "bold"), f" ({cause.code}, stage: {cause.stage.replace('_', ' ')})")
    return Group(
        Rule(title, align="left", style="dim"),
        Text(_without_name(cause)),
        Text(""),
        Markdown(body, code_theme="ansi_dark", inline_code_theme="ansi_dark", hyperlinks=False),
        Text(""),
        Text.assemble(("Fixes that defib tries or advises: ", "bold"), ", ".join(cause.fixes) or "none"),
        Text.assemble(("Easily taken for: ", "bold"), ", ".join(map(_named, cause.look_alikes)) or "nothing else"),
        Text(""),
    )


def cause_list() -> RenderableType:
    """All causes, one line each, by stage."""
    parts: list[RenderableType] = []
    stage = ""
    table = Table.grid(padding=(0, 2))
    for cause in all_causes():
        if cause.stage != stage:
            stage = cause.stage
            table = Table.grid(padding=(0, 2))
            table.add_column(no_wrap=True)
            table.add_column(no_wrap=True)
            table.add_column(ratio=1, overflow="fold")
            parts += [Text(stage.replace("_", " ").capitalize(), style="bold underline"), Padding(table, (0, 0, 1, 2))]
        table.add_row(Text(cause.code), Text(cause.name, style="bold"), Text(_without_name(cause)))
    return Group(*parts, Text("Next: defib explain NAME"))


def _named(code: str) -> str:
    return f"{load(code).name} ({code})" if code in CAUSES else code


def _without_name(cause: Cause) -> str:
    """The summary without the code and name that it may begin with."""
    text = summary(cause).removeprefix(f"{cause.code} ").removeprefix(cause.name).lstrip(":. ")
    return text[:1].upper() + text[1:]
