"""The Recording: what one run saw and concluded, in one append-only file of JSON lines.

``.defib/<script>-<timestamp>-<pid>.jsonl`` below the directory the run was started in. Every line is one event
``{"event": kind, ...}`` and is flushed when it is written, so that a run that was killed can still be
read; a torn last line is ignored. Reports are made from this file with no framework installed.

=============  =============================================================================
``header``     schema version, defib's version, argv, script, start, Python and platform
``progress``   now and then while the program runs: model, steps, seconds and last loss of each training
``script``     how the program ended: exit code, seconds, error, frameworks
``model``      name, framework, recipe, parameter names and shapes, how many rows were kept of how many
``trace``      the training trace of that model
``evidence``   one piece of evidence
``symptom``    its symptom
``trial``      one arm
``diagnosis``  the whole Diagnosis
``note``       what broke, or was left out because the file grew too large
=============  =============================================================================

Schema versions
    1 (0.1.0): the events above.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from defib import __version__
from defib.codec import decode, encode
from defib.errors import InputError

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis, Measured
    from defib.evidence import Book
    from defib.subject import Subject

SCHEMA_VERSION = 1
FOLDER = ".defib"
LARGEST_FILE = 32 * 2**20
"""Bytes after which only diagnoses and notes are still written."""
ALWAYS_WRITTEN = frozenset({"header", "script", "diagnosis", "note"})


class Recorder:
    """Writes a Recording, event by event. A disk that fails ends the recording, never the run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: str | None = None
        self._file: IO[str] | None = None
        self._written = 0
        self._full = False

    @classmethod
    def start(cls, script: str, argv: Sequence[str], *, directory: Path | None = None) -> Recorder:
        """Open a new file for a run of this script and write its header."""
        folder = (directory if directory is not None else Path.cwd()) / FOLDER
        stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in Path(script).stem) or "script"
        recorder = cls(folder / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.jsonl")
        recorder._open()
        recorder.write("header", **_header(script, argv))
        return recorder

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            ignore = self.path.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
            self._file = self.path.open("x", encoding="utf-8")
        except OSError as error:
            self.error = f"nothing is recorded: {error}"

    def write(self, event: str, **values: Any) -> None:
        """Append one event; the values may be dataclasses, arrays and plain values."""
        if self._file is None or (self._full and event not in ALWAYS_WRITTEN):
            return
        line = json.dumps({"event": event, **encode(values)}, allow_nan=False) + "\n"
        self._written += len(line)
        try:
            self._file.write(line)
            self._file.flush()
        except (OSError, ValueError) as error:
            self.error, self._file = f"the recording ends early: {error}", None
        if self._written > LARGEST_FILE and not self._full:
            self._full = True
            self.write("note", text=f"more than {LARGEST_FILE} bytes: evidence and traces from here on are left out")

    def progress(self, models: Sequence[Any]) -> None:
        """A sign of life: how far each training has come (`defib.capture.pulse.Progress`)."""
        self.write("progress", models=[asdict(one) for one in models])

    def model(self, index: int, subject: Subject) -> None:
        """What was trained and how it went; weights and rows stay out."""
        shapes = {p.name: p.end.shape for p in subject.parameters()}
        self.write(
            "model",
            index=index,
            name=subject.name,
            framework=subject.framework,
            recipe=subject.recipe,
            parameters=shapes,
            rows=_rows(subject),
        )
        self.write("trace", index=index, trace=subject.trace)

    def evidence(self, index: int, book: Book) -> None:
        """Everything in the Book, one event each."""
        for one in book.found.values():
            self.write("evidence", index=index, evidence=one)
        for kind, needs in book.missing.items():
            self.write("evidence", index=index, kind=kind.__name__, missing=needs)
        for probe, error in book.failed.items():
            self.write("evidence", index=index, probe=probe, failed=error)

    def diagnosis(self, index: int, diagnosis: Diagnosis) -> None:
        """The symptom, the trials and the Diagnosis."""
        self.write("symptom", index=index, symptom=diagnosis.symptom)
        for trial in diagnosis.trials:
            self.write("trial", index=index, trial=trial)
        self.write("diagnosis", index=index, diagnosis=diagnosis)

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Take the file back, and the folder if nothing else is in it: there was nothing to record."""
        self.close()
        self.path.unlink(missing_ok=True)
        if not any(self.path.parent.glob("*.jsonl")):
            (self.path.parent / ".gitignore").unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something of the user's is in it
                self.path.parent.rmdir()


def _rows(subject: Subject) -> dict[str, dict[str, Any]]:
    """How many rows were kept, and of how many, by the path they came from."""
    paths = {"training": subject.training, "prediction": subject.prediction, "held_out": subject.held_out}
    return {
        name: {"kept": len(rows), "seen": rows.n_seen or len(rows), "origin": rows.origin}
        for name, rows in paths.items()
        if rows is not None
    }


def _header(script: str, argv: Sequence[str]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "defib_version": __version__,
        "script": script,
        "argv": list(argv),
        "directory": str(Path.cwd()),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "platform": sys.platform,
    }


@dataclass(frozen=True)
class Recording:
    """A Recording, read back."""

    path: Path
    header: dict[str, Any]
    events: tuple[dict[str, Any], ...] = field(repr=False)
    """All events in order, decoded."""

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """The diagnoses, in order of models, with the evidence that was recorded of each."""
        from defib.diagnosis import Diagnosis

        found = ((event.get("index"), event.get("diagnosis")) for event in self.of("diagnosis"))
        return tuple(replace(one, measured=self._measured(at)) for at, one in found if isinstance(one, Diagnosis))

    def _measured(self, index: object) -> Measured:
        """Trace and evidence of one model."""
        from defib.diagnosis import Measured

        traces = [event.get("trace") for event in self.of("trace") if event.get("index") == index]
        evidence = [event.get("evidence") for event in self.of("evidence") if event.get("index") == index]
        known = {type(one).__name__: one for one in evidence if one is not None}
        return Measured(traces[-1] if traces else None, known)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that were trained."""
        return tuple(str(event["name"]) for event in self.of("model"))

    def of(self, kind: str) -> tuple[dict[str, Any], ...]:
        """All events of one kind."""
        return tuple(event for event in self.events if event.get("event") == kind)


def newest(directory: Path | None = None) -> Path:
    """The latest Recording below ``.defib/``; raises `InputError` when there is none."""
    folder = (directory if directory is not None else Path.cwd()) / FOLDER
    found = sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise InputError(
            "no-recording",
            came=f"there is no recording in {folder}",
            expected="a directory in which defib run has been used, or the path of a recording",
            write="defib report path/to/.defib/train-20260101-120000-1234.jsonl",
        )
    return found[-1]


def load(path: str | Path) -> Recording:
    """Read a Recording; raises `InputError` when it is not one, or is of a later version."""
    path = Path(path)
    if not path.is_file():
        raise InputError(
            "no-such-file",
            came=f"the file {path} does not exist",
            expected="a recording that defib run has written below .defib/",
            write="defib report            # the newest one in this directory",
        )
    events = _read_lines(path)
    header = events[0] if events and events[0].get("event") == "header" else None
    version = None if header is None else header.get("schema_version")
    if header is None or not isinstance(version, int):
        raise InputError(
            "not-a-recording",
            came=f"{path} is not a recording of defib",
            expected="a file of JSON lines that begins with a header",
            write="defib report .defib/NAME.jsonl",
        )
    if version > SCHEMA_VERSION:
        raise InputError(
            "recording-too-new",
            came=f"{path} has schema version {version}",
            expected=f"version {SCHEMA_VERSION} or earlier, which defib {__version__} reads",
            write="pip install --upgrade defib",
        )
    decoded = tuple(decode(event) for event in events)
    return Recording(path, decoded[0], decoded)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """All whole lines; reading ends at the first one that is torn."""
    events: list[dict[str, Any]] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
            except ValueError:
                break
            if not isinstance(event, dict):
                break
            events.append(event)
    return events
