"""Which causes, and redirects of renamed ones. Nothing else; a duplicate code is an error (tested)."""

from __future__ import annotations

from importlib import import_module

from defib.causes import Cause

CAUSES: dict[str, str] = {}
"""Code → module below ``defib.causes``."""

REDIRECTS: dict[str, str] = {}
"""Former names and codes → code."""


def load(code: str) -> Cause:
    """The cause with this code."""
    cause = import_module(f"defib.causes.{CAUSES[code]}").CAUSE
    assert isinstance(cause, Cause)
    return cause


def all_causes() -> tuple[Cause, ...]:
    """All causes, in the order of their codes."""
    return tuple(load(code) for code in sorted(CAUSES))
