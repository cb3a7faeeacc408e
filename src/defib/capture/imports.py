"""Attach each `Watcher` right after the user's program has imported its framework; import none ourselves.

A finder at the front of ``sys.meta_path`` lets the others find the module, and hangs one call on the
loader it gets: when the module's own code has run, the Watcher is imported and attached. Type and identity of the
loader stay what they were, so ``inspect`` and ``importlib.resources`` see nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Final, TypeVar

from defib.capture import Watcher
from defib.capture.warned import Relocation

if TYPE_CHECKING:
    from defib.capture.pulse import Pulse
    from defib.subject import Subject

W = TypeVar("W", bound=Watcher)

WATCHERS: Final[Mapping[str, str]] = {
    "torch": "defib.capture.torch_loop:TorchWatcher",
    "lightning.pytorch.trainer.trainer": "defib.capture.torch_loop:TorchWatcher",
    "pytorch_lightning.trainer.trainer": "defib.capture.torch_loop:TorchWatcher",
    "transformers.trainer": "defib.capture.torch_loop:TorchWatcher",
    "skorch.net": "defib.capture.torch_loop:TorchWatcher",
    "keras": "defib.capture.keras_fit:KerasWatcher",
    "tf_keras": "defib.capture.keras_fit:KerasWatcher",
    "sklearn.neural_network": "defib.capture.sklearn_fit:SklearnWatcher",
    "jax": "defib.capture.jax_loop:JaxWatcher",
    "optax": "defib.capture.jax_loop:JaxWatcher",
    "flax.nnx": "defib.capture.jax_loop:JaxWatcher",
    "flax.linen": "defib.capture.jax_loop:JaxWatcher",
}
"""Module whose import attaches a Watcher → ``module:Class``."""


class Watchers:
    """All Watchers of one program: attached as frameworks come in, asked for Subjects at the end."""

    def __init__(self, table: Mapping[str, str] = WATCHERS, pulse: Pulse | None = None) -> None:
        self._table = table
        self._pulse = pulse
        self._finder = _Finder(self._imported, frozenset(table))
        self._attached: dict[str, Watcher] = {}
        self._errors: list[str] = []
        self._collected: tuple[Subject, ...] | None = None
        self._warned = Relocation()

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Watched modules that the program has imported so far."""
        return tuple(trigger for trigger in self._table if trigger in sys.modules)

    @property
    def notes(self) -> tuple[str, ...]:
        """What broke inside the watching, one line each."""
        return (*self._errors, *(line for watcher in self._attached.values() for line in watcher.errors))

    def of(self, kind: type[W]) -> W | None:
        """The attached Watcher of this kind."""
        return next((one for one in self._attached.values() if isinstance(one, kind)), None)

    def attach(self) -> None:
        """Watch frameworks that are imported already, and those that will be."""
        sys.meta_path.insert(0, self._finder)
        self._warned.attach()
        for trigger in self.frameworks:
            self._imported(trigger)

    def detach(self) -> None:
        """Put everything back as it was; errors are noted."""
        self._warned.detach()
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        for watcher in reversed(self._attached.values()):
            self._noted(f"detaching {type(watcher).__name__}", watcher.detach)

    def watcher(self, trigger: str) -> Watcher | None:
        """Who watches the framework of this module; ``None`` when it is not attached (yet)."""
        return self._attached.get(self._table.get(trigger, ""))

    def collect(self) -> tuple[Subject, ...]:
        """Ask every Watcher for its Subjects, now; `subjects` gives the same ones from then on."""
        found: list[Subject] = []
        for watcher in tuple(self._attached.values()):
            self._noted(f"collecting from {type(watcher).__name__}", partial(_take, watcher, found))
        for subject in found:
            self._noted("reading what the program does with its predictions", partial(_read_handling, subject))
        self._collected = tuple(found)
        return self._collected

    def subjects(self) -> tuple[Subject, ...]:
        """One Subject per model that was trained, in order of first training step per framework."""
        return self._collected if self._collected is not None else self.collect()

    def _imported(self, trigger: str) -> None:
        """Attach the Watcher of this trigger; one that serves two frameworks is asked to attach again."""
        self._noted(f"watching {trigger}", lambda: self._attach(self._table[trigger]))

    def _attach(self, where: str) -> None:
        watcher = self._attached.get(where)
        if watcher is None:
            module, _, name = where.partition(":")
            watcher = getattr(import_module(module), name)()
            assert isinstance(watcher, Watcher)
            watcher.pulse = self._pulse
            self._attached[where] = watcher
        watcher.attach()

    def _noted(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception as error:
            self._errors.append(f"{what} failed: {type(error).__name__}: {error}")


def _read_handling(subject: Subject) -> None:
    from defib.capture.handling import read_handling
    from defib.capture.handling_entries import read_entries

    place = subject.recipe.sources.get("predict", "")
    calls = subject.serving_calls
    places = calls.place if calls is not None and calls.place else (place,)
    asked = subject.prediction_outputs if calls is not None and sum(calls.sizes) == 1 else None
    subject.handling = (*read_handling(places), *read_entries(places, asked))


def watching_now() -> bool:
    """Whether somebody watches this program already: ``defib run``, a fixture, another Monitor."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


def _take(watcher: Watcher, found: list[Subject]) -> None:
    found.extend(watcher.subjects())


class _Finder(MetaPathFinder):
    """Finds nothing itself: passes the search on and hangs a call behind the module's execution."""

    def __init__(self, imported: Callable[[str], None], triggers: frozenset[str]) -> None:
        self._imported = imported
        self._triggers = triggers

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._triggers:
            return None
        spec = self._found_by_others(fullname, path, target)
        if spec is not None and spec.loader is not None:
            _call_after(spec, lambda: self._imported(fullname))
        return spec

    def _found_by_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        finders = list(sys.meta_path)
        behind = (
            finders[finders.index(self) + 1 :] if self in finders else finders
        )  # another one of ours may stand there
        for finder in behind:
            find = getattr(finder, "find_spec", None)
            if find is not None:
                spec: ModuleSpec | None = find(fullname, path, target)
                if spec is not None:
                    return spec
        return None


def _call_after(spec: ModuleSpec, call: Callable[[], None]) -> None:
    """Let ``call()`` follow the execution of the module; the loader is as before once it ran.

    The finder also answers ``importlib.util.find_spec("torch")``, which executes nothing: then
    nothing is called.
    """
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    attributes = getattr(loader, "__dict__", None)
    if execute is None or attributes is None:
        return

    def exec_module(module: ModuleType) -> None:
        attributes.pop("exec_module", None)
        execute(module)
        call()

    attributes["exec_module"] = exec_module


def table_for(name: str) -> Mapping[str, str]:
    """The rows of `WATCHERS` of one Watcher: ``TorchWatcher``."""
    return {trigger: where for trigger, where in WATCHERS.items() if where.endswith(f":{name}")}
