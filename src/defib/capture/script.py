"""Run a stranger's program as ``python script.py`` would, and watch what it trains.

What the program can see is what plain Python shows it: a real ``__main__`` module, ``sys.argv``,
``sys.path[0]``, ``__file__``, the working directory, its own ``sys.excepthook``. What the user sees is the same, too:
exit code, the text of ``sys.exit("text")``, a traceback without our frames. Functions registered with ``atexit`` run
where Python runs them, at the end of the process. Nothing here imports NumPy: the program may still set thread counts.
"""

from __future__ import annotations

import builtins
import importlib.util
import io
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from defib.capture.imports import Watchers
from defib.capture.tracebacks import show_unhandled
from defib.errors import InputError

if TYPE_CHECKING:
    from defib.capture.launchers import Launch
    from defib.subject import Subject

POOLS = (
    ("concurrent.futures.thread", "_threads_queues"),
    ("concurrent.futures.process", "_threads_wakeups"),
    ("joblib.externals.loky.process_executor", "_threads_wakeups"),
    ("loky.process_executor", "_threads_wakeups"),
)
"""Where pools keep the threads that end only when Python itself does."""
INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended (128 + SIGINT), as a shell reports it."""


@dataclass(frozen=True)
class ScriptOutcome:
    """How the program ended, and what it trained."""

    exit_code: int
    error: str | None
    """``"ValueError: text"`` of an unhandled exception, else ``None``."""
    missing_module: str | None
    """Top-level module whose absence ended the program."""
    interrupted: bool
    seconds: float
    subjects: tuple[Subject, ...]
    frameworks: tuple[str, ...]
    """Watched frameworks it imported."""
    notes: tuple[str, ...]
    """What broke inside the watching."""
    main: ModuleType
    """Its ``__main__``; whoever holds the outcome keeps the program's globals alive."""
    in_child: bool = False
    """This is a process that the program itself forked: nothing more must be done here."""


@contextmanager
def watch() -> Iterator[Watchers]:
    """Watch what a block of code trains; ``.subjects()`` gives it, inside the block or after it.

    ::

        with watch() as watched:
            train_something()
        (subject,) = watched.subjects()
    """
    watchers = Watchers()
    watchers.attach()
    try:
        yield watchers
    finally:
        watchers.collect()
        watchers.detach()


def run_script(
    path: str | Path, args: Sequence[str] = (), watchers: Watchers | None = None, *, as_module: bool = False
) -> ScriptOutcome:
    """Run a program to its end and collect what it trained.

    Args:
        path: the script; or, with ``as_module``, the name of a module or package as after ``python -m``.
        args: what becomes ``sys.argv[1:]``.
        watchers: who watches; the default watches every framework that defib knows.
        as_module: run as ``python -m path``.

    ``sys.argv``, ``sys.path`` and ``sys.modules["__main__"]`` stay the program's own afterwards: its ``atexit``
    functions still have to run. Raises `InputError` when there is nothing to run.
    """
    return run_program(find_program(path, args, as_module=as_module), watchers)


def find_program(path: str | Path, args: Sequence[str] = (), *, as_module: bool = False) -> Program:
    """What `run_program` can run; raises `InputError` when there is nothing of this name."""
    return _find_module(str(path), args) if as_module else _find_script(str(path), args)


def run_program(program: Program, watchers: Watchers | None = None) -> ScriptOutcome:
    """Run what `find_program` found; see `run_script`."""
    watchers = watchers if watchers is not None else Watchers()
    process = os.getpid()
    watchers.attach()
    started = time.monotonic()
    ending = _run(program)
    seconds = time.monotonic() - started
    in_child = os.getpid() != process
    subjects = () if in_child else watchers.collect()
    watchers.detach()
    return ScriptOutcome(
        ending.code,
        ending.error,
        ending.missing_module,
        ending.interrupted,
        seconds,
        subjects,
        watchers.frameworks,
        watchers.notes,
        program.main,
        in_child,
    )


def run_launcher(launch: Launch) -> ScriptOutcome:
    """Run a launcher whose processes watch themselves; nothing is watched here."""
    program = find_program(launch.script, launch.args, as_module=launch.as_module)
    return run_program(program, Watchers({}))


@dataclass(frozen=True)
class Program:
    """A program that is ready to run."""

    main: ModuleType
    source: str
    argv: tuple[str, ...]
    path0: str

    def code(self) -> CodeType:
        """Compile it; a syntax error is the program's own."""
        with io.open_code(self.source) as file:
            return compile(file.read(), self.source, "exec", dont_inherit=True)


@dataclass(frozen=True)
class _Ending:
    code: int
    error: str | None = None
    missing_module: str | None = None
    interrupted: bool = False


_MODEL, _TABLE = "defib diagnose {path} X.npy --labels y.npy", "defib predictions {path}"
_INSTEAD = {
    ".ipynb": "jupyter nbconvert --to script {path}    # then: defib run {name}.py; or, in it: %load_ext defib",
    **dict.fromkeys((".keras", ".h5", ".hdf5", ".pt", ".pth", ".pkl", ".joblib"), _MODEL),
    **dict.fromkeys((".csv", ".tsv", ".npy", ".npz"), _TABLE),
}
"""What to write for files that people give by mistake, by suffix."""


def _find_script(path: str, args: Sequence[str]) -> Program:
    source = str(Path(path) / "__main__.py") if Path(path).is_dir() else path
    if not Path(source).is_file():
        raise InputError(
            "no-such-script",
            came=f"the script {path} does not exist (working directory {Path.cwd()})",
            expected="the path of a Python program that trains a network",
            write="defib run path/to/train.py",
        )
    if (write := _INSTEAD.get(Path(source).suffix.lower())) is not None:
        name = Path(source).stem
        raise InputError(
            "not-a-program",
            came=f"{path} is no Python program",
            expected="the path of a Python program that trains a network",
            write=write.format(path=shlex.quote(path), name=name),
        )
    # Python resolves links for sys.path[0], and does not for __file__.
    path0 = str(Path(path).resolve() if Path(path).is_dir() else Path(path).resolve().parent)
    file = os.path.join(os.getcwd(), source)  # as Python writes it: "./" stays
    return Program(_main_module(file, None), file, (path, *args), path0)


def _find_module(name: str, args: Sequence[str]) -> Program:
    here = str(Path.cwd())
    if not sys.flags.safe_path:
        sys.path[:1] = [here]
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise InputError(
            "no-such-module",
            came=f"no module that can be run is named {name}",
            expected="what you would write after python -m",
            write="defib run -m package.train",
        )
    return Program(_main_module(spec.origin, spec), spec.origin, (spec.origin, *args), here)


def _main_module(file: str, spec: ModuleSpec | None) -> ModuleType:
    """What Python makes before it runs a program. ``__spec__ = None`` lets processes that are spawned find the file."""
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=file,
        __builtins__=builtins,
        __spec__=spec,
        __package__=None if spec is None else spec.parent,
        __loader__=SourceFileLoader("__main__", file) if spec is None else spec.loader,
        __cached__=None if spec is None else spec.cached,
        __annotations__={},
    )
    return main


def _run(program: Program) -> _Ending:
    """Execute it as ``__main__``, and wait for what it left running, as Python does before it ends."""
    sys.modules["__main__"] = program.main
    sys.argv[:] = program.argv
    if not sys.flags.safe_path:
        sys.path[:1] = [program.path0]
    ending = _execute(program)
    _flush()
    try:
        _wait_for_threads()
    except KeyboardInterrupt:
        return replace(ending, interrupted=True, code=INTERRUPTED)
    return ending


def _execute(program: Program) -> _Ending:
    """Whatever ends the program is turned into what Python would do then."""
    try:
        exec(program.code(), program.main.__dict__)
    except SystemExit as exit_:
        return _Ending(_exit_code(exit_))
    except BaseException as error:
        unhandled = error
    else:
        return _Ending(0)
    # Outside the handler: Python, too, calls the hook when no exception is being handled.
    return _after(unhandled)


def _after(error: BaseException) -> _Ending:
    """Show an unhandled exception as Python would, through the program's own ``sys.excepthook``."""
    _flush()
    interrupted = isinstance(error, KeyboardInterrupt)
    missing = error.name.partition(".")[0] if isinstance(error, ModuleNotFoundError) and error.name else None
    text = f"{type(error).__name__}: {error}"
    try:
        show_unhandled(error)
    except SystemExit as exit_:
        return _Ending(_exit_code(exit_), text, missing, interrupted)
    return _Ending(INTERRUPTED if interrupted else 1, text, missing, interrupted)


def _exit_code(exit_: SystemExit) -> int:
    """Code of ``sys.exit(...)``: nothing is 0, a number is itself, anything else is printed and means 1."""
    if exit_.code is None:
        return 0
    if isinstance(exit_.code, int):
        return int(exit_.code)
    sys.stderr.write(f"{exit_.code}\n")
    return 1


def _wait_for_threads() -> None:
    """Let threads that are not daemons finish: they may still train.

    Those of pools (``concurrent.futures``, joblib's loky) are left alone: what they registered ends them later.
    """
    workers = [one for module, name in POOLS for one in tuple(getattr(sys.modules.get(module), name, ()))]
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon and thread not in workers:
            thread.join()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed or replaced by the program
            continue
