"""Reports. One file per format; a reporter decides nothing and measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from defib.errors import InputError

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis
    from defib.reporters.background import Background

FORMATS: dict[str, tuple[str, str]] = {
    ".json": ("defib.reporters.json", "render"),
    ".html": ("defib.reporters.html", "render"),
    ".md": ("defib.reporters.markdown", "render"),
    ".sarif": ("defib.reporters.sarif", "render"),
    ".xml": ("defib.reporters.junit", "render"),
    ".png": ("defib.reporters.picture", "render_png"),
    ".svg": ("defib.reporters.picture", "render_svg"),
    ".pdf": ("defib.reporters.picture", "render_pdf"),
}
"""File ending → module and function, ``render(diagnoses, background=None)``, which gives text or bytes."""


def check_report_path(path: Path) -> None:
    """Raise `InputError` when no report can be written there; called before anything long begins.

    A format that needs a package which is not installed raises `MissingFrameworkError`.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            "unknown-report-format",
            came=f"the report {path} ends in {path.suffix or 'nothing'}",
            expected=f"one of the endings {', '.join(FORMATS)}",
            write=f"--report {path.with_suffix('.json')}",
        )
    module = import_module(FORMATS[path.suffix.lower()][0])
    if hasattr(module, "check"):
        module.check()
    if not path.absolute().parent.is_dir():
        raise InputError(
            "no-such-directory",
            came=f"the directory {path.absolute().parent} does not exist",
            expected="an existing directory to write the report into",
            write=f"mkdir -p {path.parent}",
        )


def write_report(diagnoses: Sequence[Diagnosis], path: str | Path, background: Background | None = None) -> Path:
    """Write all diagnoses into one file; its ending chooses the format. Returns the path.

    ``background`` is what was recorded around them (`defib.reporters.background`); without it a report says less.
    An existing file is replaced. Raises `InputError` for an unknown ending or a missing directory.
    """
    path = Path(path)
    check_report_path(path)
    module, function = FORMATS[path.suffix.lower()]
    content: str | bytes = getattr(import_module(module), function)(diagnoses, background)
    if isinstance(content, str):
        content = content.encode("utf-8", errors="replace")
    path.write_bytes(content)
    return path
