"""Warnings of the program appear where plain Python shows them, and as often.

Between the program and its framework stand frames of ours, and Python blames a warning on the frame that called
what warned. Such a warning is given again in the name of the frame that plain Python would have blamed, so that filters
and the rule "once per line" go by the program's own lines. What our own reading of a loss sets off is left out.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final, final

PACKAGE: Final = str(Path(__file__).resolve().parents[1])
TAPE: Final = str(Path(PACKAGE, "adapters", "torch", "tape.py"))
WRAPPERS: Final = (TAPE, str(Path(PACKAGE, "capture", "torch_loop.py")))
"""Files that only pass the program's calls on."""
READERS: Final = (str(Path(PACKAGE, "adapters", "torch")), str(Path(PACKAGE, "capture", "torch_")))
"""Beginnings of the files that compute on their own."""
OVERRIDES: Final = str(Path("torch", "overrides.py"))


@final
class Relocation:
    """Stands in the way of every warning that is to be shown."""

    def __init__(self) -> None:
        self._show: Any = None

    def attach(self) -> None:
        """Look at warnings before they are shown."""
        if self._show is None:
            self._show = warnings._showwarnmsg  # type: ignore[attr-defined]
            warnings._showwarnmsg = self._shown  # type: ignore[attr-defined]

    def detach(self) -> None:
        """Put it back as it was."""
        if self._show is not None:
            warnings._showwarnmsg = self._show  # type: ignore[attr-defined]
            self._show = None

    def _shown(self, message: Any) -> None:
        frames = tuple(_frames(sys._getframe(1)))
        if _is_reading(frames):
            return
        if frames[0].f_code.co_filename == __file__:  # given again by us, or by another watching
            self._show(message)
            return
        at = next((i for i, frame in enumerate(frames) if _is_at(frame, message)), None)
        target = None if at is None else _meant(frames, at)
        if at is None or target is None:
            self._show(message)
            return
        # The program's own line decides whether it was shown already: the wrong one must not remember it.
        text = str(message.message)
        remembered = frames[at].f_globals.get("__warningregistry__", {})
        if _is_ours(frames[at]):
            remembered.clear()
        else:
            remembered.pop((text, message.category, message.lineno), None)
        getattr(warnings, "onceregistry", {}).pop((text, message.category), None)
        warnings.warn_explicit(
            message.message,
            message.category,
            target.f_code.co_filename,
            target.f_lineno,
            target.f_globals.get("__name__"),
            target.f_globals.setdefault("__warningregistry__", {}),
            source=message.source,
        )


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_at(frame: FrameType, message: Any) -> bool:
    return bool(frame.f_code.co_filename == message.filename and frame.f_lineno == message.lineno)


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(PACKAGE)


def _meant(frames: tuple[FrameType, ...], at: int) -> FrameType | None:
    """Whom plain Python would blame in place of ``frames[at]``; ``None`` where that is the right one."""
    if _is_ours(frames[at]):
        return _blamed(frames[at:])
    if not any(_is_ours(frame) for frame in frames[:at]):
        return None
    # A library counts levels up to the program: frames of ours in between are not among them.
    others = [one for one in frames if not (_is_ours(one) or one.f_code.co_filename.endswith(OVERRIDES))]
    return others[at] if at < len(others) else None


def _is_reading(frames: tuple[FrameType, ...]) -> bool:
    """Whether our own arithmetic set it off: a reader's frame stands further in than any wrapper's or the program's."""
    for frame in frames:
        name = frame.f_code.co_filename
        if name.startswith(PACKAGE) and name != __file__:
            return name.startswith(READERS) and name not in WRAPPERS
    return False


def _blamed(frames: tuple[FrameType, ...]) -> FrameType | None:
    """The frame that plain Python would blame: the next one that is neither ours nor a way into the tape."""
    recorded = frames[0].f_locals.get("func") if frames[0].f_code.co_filename == TAPE else None
    code = getattr(recorded, "__code__", None)
    for frame in frames:
        name = frame.f_code.co_filename
        if not (name.startswith(PACKAGE) or name.endswith(OVERRIDES) or frame.f_code is code):
            return frame
    return None
