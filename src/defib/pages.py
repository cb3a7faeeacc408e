"""Find a cause by what somebody typed, and its page (the docstring of its module)."""

from __future__ import annotations

import difflib
import inspect
from importlib import import_module

from defib.catalogue import CAUSES, REDIRECTS, all_causes, load
from defib.causes import Cause
from defib.errors import InputError

SUGGESTED = 3


def find_cause(typed: str) -> Cause:
    """The cause with this code or name; case, spaces and underscores do not matter.

    Raises `InputError` with the nearest names when there is none.
    """
    wanted = typed.strip().lower().replace("_", "-").replace(" ", "-")
    by_name = {key.lower(): cause for cause in all_causes() for key in (cause.code, cause.name)}
    by_name |= {former.lower(): load(code) for former, code in REDIRECTS.items()}
    if wanted in by_name:
        return by_name[wanted]
    near = _near(wanted, list(by_name))
    raise InputError(
        "unknown-cause",
        came=f"no cause is called {typed}",
        expected=f"a code or a name; near to it: {', '.join(near)}"
        if near
        else "a code (DF401) or a name (dead-relus)",
        write=f"defib explain {near[0]}" if near else "defib explain    # lists all causes",
    )


def _near(wanted: str, names: list[str]) -> list[str]:
    """Names that contain a typed word, then names spelled alike."""
    words = [word for word in wanted.split("-") if len(word) > 3]
    containing = [name for name in names if any(word in name for word in words)]
    alike = difflib.get_close_matches(wanted, names, n=SUGGESTED, cutoff=0.5)
    return list(dict.fromkeys([*alike, *containing]))[:SUGGESTED]


def page(cause: Cause) -> str:
    """The page as it is written, indentation cleaned."""
    return inspect.cleandoc(import_module(f"defib.causes.{CAUSES[cause.code]}").__doc__ or "")


def summary(cause: Cause) -> str:
    """The first paragraph of the page, on one line."""
    return " ".join(page(cause).split("\n\n")[0].split())
