"""Options of ``defib run`` that were written behind the program, and so went to the program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

OPTIONS = (
    "--report",
    "--budget",
    "--no-trials",
    "--seed",
    "--fail-on",
    "--baseline",
    "--quiet",
    "--ascii",
    "--no-color",
)


def misplaced(script: str, args: Sequence[str]) -> str | None:
    """What to write instead, in one line; ``None`` where nothing is misplaced, or the program may know the options.

    A program that names an option in its own source is meant to get it.
    """
    given = [one.partition("=")[0] for one in args]
    ours = [one for one in given if one in OPTIONS]
    if not ours:
        return None
    try:
        source = Path(script).read_text(encoding="utf-8", errors="replace")
    except OSError:  # a module, or standard input: what it knows cannot be read
        return None
    lost = [one for one in ours if one not in source and one.removeprefix("--") not in source]
    if not lost:
        return None
    names = " and ".join(dict.fromkeys(lost))
    return (
        f"{names} stood behind {script}, so the program got it and defib did not; "
        f"write the options of defib first: defib run {lost[0]} … {script}"
    )
