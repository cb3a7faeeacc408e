"""Watchers are attached right after their framework's import, and the framework's import sees nothing of it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from defib.capture import Watcher
from defib.capture.imports import WATCHERS, Watchers
from defib.capture.tracebacks import OURS, peel
from defib.recipe import TrainingRecipe
from defib.subject import Subject
from tests.conftest import Run

FRAMEWORK = """
log = ["framework runs"]
def train():
    return "trained"
"""


class Named:
    """As much of a Subject as is asked for."""

    recipe = TrainingRecipe()
    serving_calls = None
    handling = None

    def __str__(self) -> str:
        return "a subject"


class Recorder(Watcher):
    """Notes what happens to it; its Subject is a name."""

    def __init__(self) -> None:
        self.triggers = ("fakeframe",)
        self.errors: list[str] = []
        self.log: list[str] = []

    def attach(self) -> None:
        fakeframe = sys.modules["fakeframe"]
        self.log.append(f"attached to {fakeframe.train()}")
        fakeframe.log.append("attached")

    def detach(self) -> None:
        self.log.append("detached")

    def subjects(self) -> tuple[Subject, ...]:
        return (Named(),)  # type: ignore[return-value]


class Unattachable(Recorder):
    def attach(self) -> None:
        raise RuntimeError("cannot attach")

    def subjects(self) -> tuple[Subject, ...]:
        raise RuntimeError("cannot collect")

    def detach(self) -> None:
        raise RuntimeError("cannot detach")


HERE = "tests.capture.test_script_imports"


@pytest.fixture
def framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module ``fakeframe`` that can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fakeframe.py").write_text(FRAMEWORK)
    before = list(sys.meta_path)
    yield tmp_path
    sys.modules.pop("fakeframe", None)
    assert sys.meta_path == before


def watching(name: str = "Recorder") -> Watchers:
    return Watchers({"fakeframe": f"{HERE}:{name}"})


def test_attached_after_the_import_has_run(framework: Path) -> None:
    watchers = watching()
    watchers.attach()
    assert not watchers.frameworks
    module = importlib.import_module("fakeframe")
    assert module.log == ["framework runs", "attached"]
    assert list(watchers.frameworks) == ["fakeframe"]
    assert [str(subject) for subject in watchers.subjects()] == ["a subject"]
    watchers.detach()
    assert watchers.notes == ()


def test_attached_to_what_is_imported_already(framework: Path) -> None:
    module = importlib.import_module("fakeframe")
    watchers = watching()
    watchers.attach()
    assert module.log == ["framework runs", "attached"]
    watchers.detach()


def test_the_import_looks_as_without_us(framework: Path) -> None:
    plain = importlib.import_module("fakeframe")
    sys.modules.pop("fakeframe")
    watchers = watching()
    watchers.attach()
    watched = importlib.import_module("fakeframe")
    watchers.detach()
    for module in (plain, watched):
        assert module.__spec__ is not None
    assert type(watched.__loader__) is type(plain.__loader__)
    assert watched.__loader__ is not None
    assert vars(watched.__loader__) == vars(plain.__loader__)
    assert (watched.__file__, watched.__name__) == (plain.__file__, plain.__name__)


def test_looking_for_a_framework_does_not_import_it(framework: Path) -> None:
    watchers = watching()
    watchers.attach()
    assert importlib.util.find_spec("fakeframe") is not None
    assert importlib.util.find_spec("nowhere_to_be_found") is None
    assert "fakeframe" not in sys.modules
    assert watchers.subjects() == ()
    watchers.detach()


def test_reload_attaches_once(framework: Path) -> None:
    watchers = watching()
    watchers.attach()
    module = importlib.import_module("fakeframe")
    assert module.log == ["framework runs", "attached"]
    watchers.detach()
    assert importlib.reload(module).log == ["framework runs"]


def test_what_breaks_inside_is_noted_and_never_raised(framework: Path) -> None:
    watchers = watching("Unattachable")
    watchers.attach()
    assert importlib.import_module("fakeframe").log == ["framework runs"]
    assert watchers.collect() == ()
    watchers.detach()
    assert [note.split(" failed: ")[1] for note in watchers.notes] == [
        "RuntimeError: cannot attach",
        "RuntimeError: cannot collect",
        "RuntimeError: cannot detach",
    ]


def test_a_watcher_that_is_missing_is_noted(framework: Path) -> None:
    watchers = Watchers({"fakeframe": "defib.capture.no_such_module:Nothing"})
    watchers.attach()
    importlib.import_module("fakeframe")
    watchers.detach()
    assert "no_such_module" in watchers.notes[0]


def test_the_table_holds_watchers_that_exist() -> None:
    for where in WATCHERS.values():
        module, _, name = where.partition(":")
        spec = importlib.util.find_spec(module)
        assert spec is not None, module
        assert spec.origin is not None
        assert f"class {name}(" in Path(spec.origin).read_text()


IMPORT_THAT_RAISES = """
import sys
sys.path.insert(0, "modules")
from defib.capture.imports import Watchers
from defib.capture.script import find_program, run_program
sys.exit(run_program(find_program("program.py"), Watchers({"brokenframe": "nowhere:Nothing"})).exit_code)
"""


def test_traceback_of_a_framework_that_fails_to_import(tmp_path: Path, python: Run) -> None:
    (tmp_path / "brokenframe.py").write_text("def f():\n    raise OSError('no such library')\nf()\n")
    (tmp_path / "program.py").write_text("import brokenframe\n")
    plain, watched = python("program.py"), python("-c", IMPORT_THAT_RAISES)
    assert watched.stderr == plain.stderr
    assert watched.returncode == plain.returncode == 1


def our_function(body: str) -> ModuleType:
    """A function that stands in a file of defib's, as the wrappers around a framework's methods do."""
    module = ModuleType("wrapper")
    exec(compile(f"def wrapper(call):\n    {body}", f"{OURS}capture/wrapper.py", "exec"), module.__dict__)
    return module


def names(error: BaseException) -> list[str]:
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return found


def raising() -> None:
    raise ValueError("inside")


def test_frames_of_wrappers_are_peeled_everywhere() -> None:
    direct = our_function("return call()")
    chained = our_function("try:\n        call()\n    except ValueError as error:\n        raise KeyError from error")
    with pytest.raises(KeyError) as caught:
        direct.wrapper(lambda: chained.wrapper(raising))
    error = caught.value
    assert "wrapper" in names(error)
    assert error.__cause__ is not None
    assert "wrapper" in names(error.__cause__)
    peel(error)
    assert names(error) == ["test_frames_of_wrappers_are_peeled_everywhere", "<lambda>"]
    assert names(error.__cause__) == ["raising"]


def test_peeling_survives_a_cycle() -> None:
    one, two = ValueError(), ValueError()
    one.__context__, two.__context__ = two, one
    peel(one)
    assert one.__context__ is two
