"""Annotations of a GitHub workflow: one line per model that is not healthy, at the line where its fault shows.

The format is that of workflow commands: ``::error file=...,line=...,title=...::message``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from defib.diagnosis import Diagnosis
from defib.findings import severity
from defib.reporters.background import Background

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this runs inside a GitHub workflow."""
    return environment.get("GITHUB_ACTIONS") == "true"


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """One line per diagnosis that is not healthy; those that a baseline holds are notices. Empty when all are."""
    known = background if background is not None else Background()
    lines = []
    for index, d in enumerate(diagnoses):
        level = severity(d)
        if level == "none":
            continue
        command = COMMANDS["note" if index in known.accepted else level]
        lines.append(f"::{command} {_properties(d, known, index)}::{_message(d.headline)}\n")
    return "".join(lines)


def _properties(d: Diagnosis, background: Background, index: int) -> str:
    location = background.location(index, d)
    cause = f"{d.causes[0].name} ({d.causes[0].code})" if d.causes else d.symptom.pattern
    properties = {"title": f"defib: {d.model}: {cause}"}
    if location is not None:
        properties = {"file": location.file, "line": str(location.line or 1)} | properties
    return ",".join(f"{name}={_property(value)}" for name, value in properties.items())


def _message(text: str) -> str:
    """A message that cannot begin another command.

    >>> _message("50 %" + chr(10) + "::error::x")
    '50 %25%0A::error::x'
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
