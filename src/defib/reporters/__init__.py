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

FORMATS: dict[str, str] = {
    ".json": "defib.reporters.json",
    ".html": "defib.reporters.html",
    ".md": "defib.reporters.markdown",
    ".sarif": "defib.reporters.sarif",
    ".xml": "defib.reporters.junit",
}
"""File ending → module with ``render(diagnoses, background=None) -> str``."""


def check_report_path(path: Path) -> None:
    """Raise `InputError` when no report can be written there; called before anything long begins."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            "unknown-report-format",
            came=f"the report {path} ends in {path.suffix or 'nothing'}",
            expected=f"one of the endings {', '.join(FORMATS)}",
            write=f"--report {path.with_suffix('.json')}",
        )
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
    text: str = import_module(FORMATS[path.suffix.lower()]).render(diagnoses, background)
    path.write_text(text, encoding="utf-8", errors="replace")
    return path
