"""Where in the user's program we are: ``file:line`` of the innermost frame that is theirs."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = str(Path(__file__).resolve().parents[1])
LIBRARIES: Final = tuple({sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")})
GENERATED: Final = "__autograph_generated_file"
"""What TensorFlow writes from a function of the user's, in a folder of its own: nobody finds a line there."""
MAX_FRAMES = 40
DEEPEST = 60


@lru_cache(maxsize=4096)
def is_foreign(filename: str) -> bool:
    """Whether a file is no code of the user's: a library's, Python's or ours."""
    return (
        filename.startswith(("<frozen", PACKAGE, *LIBRARIES))
        or "site-packages" in filename
        or "dist-packages" in filename
        or GENERATED in filename
    )


def calling_forward(module_type: type) -> Any:
    """The module whose ``forward`` the program called directly (``model.forward(x)``) and that we are in, if any."""
    frame, found = sys._getframe(1), None
    for _ in range(MAX_FRAMES):
        if frame.f_code.co_name == "forward" and not is_foreign(frame.f_code.co_filename):
            owner = frame.f_locals.get(next(iter(frame.f_code.co_varnames), ""))
            found = owner if isinstance(owner, module_type) else found
        if frame.f_back is None:
            break
        frame = frame.f_back
    return found


def user_line() -> str:
    """``file:line``, or ``""`` when no frame is the user's."""
    frame = sys._getframe(1)
    for _ in range(DEEPEST):
        if not is_foreign(frame.f_code.co_filename):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""


def user_frames(frame: Any, most: int = MAX_FRAMES) -> Iterator[Any]:
    """The user's among this frame and the ``most`` − 1 that called it, innermost first."""
    for _ in range(most):
        if frame is None:
            return
        if not is_foreign(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def user_place() -> tuple[str, ...]:
    """The user's frames, innermost first, each ``file:line``."""
    return tuple(f"{one.f_code.co_filename}:{one.f_lineno}" for one in user_frames(sys._getframe(1), DEEPEST))
