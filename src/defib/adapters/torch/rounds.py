"""Fewer rounds of message passing in a clone: a list of equal modules cut short, or a number of rounds set lower."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from torch import nn

Undo = Callable[[], None]


def fewer_rounds(module: Any, keep: int, steps: Callable[[], int | None]) -> str | None:
    """Change the clone so that ``keep`` rounds are left; ``None`` when that was done, else the reason as a clause.

    ``steps`` runs the clone and counts its calls; ``None`` where it does not run. What makes it run with fewer is kept:
    first every list of equal modules, then one number of the user's own at a time.
    """
    before = steps()
    if before is None:
        return "the model does not run here"
    for change in (_cut_lists(module, keep), *_numbers(module, keep)):
        undo = change()
        after = steps()
        if after is not None and after < before:
            return None
        undo()
    return "no list of equal modules and no number of rounds was found in the model"


def _cut_lists(module: Any, keep: int) -> Callable[[], Undo]:
    def change() -> Undo:
        undone: list[Undo] = []
        for one in list(module.modules()):
            if not isinstance(one, nn.ModuleList | nn.Sequential):
                continue
            entries = list(one)
            kept = _shorter(entries, keep)
            if len(kept) < len(entries):
                undone.append(_refill(one, kept, entries))
                undone += [_set(owner, name, len(kept)) for owner, name in _named(module, len(entries))]
        return lambda: _all(reversed(undone))

    return change


def _all(undone: Iterable[Undo]) -> None:
    for undo in undone:
        undo()


def _shorter(entries: Sequence[Any], keep: int) -> list[Any]:
    """Of every stretch of more than ``keep`` equal modules the first ones."""
    kept: list[Any] = []
    run = 0
    for i, one in enumerate(entries):
        run = run + 1 if i and _alike(one, entries[i - 1]) else 1
        if run <= keep:
            kept.append(one)
    return kept


def _alike(one: Any, other: Any) -> bool:
    shapes = [[tuple(p.shape) for p in module.parameters()] for module in (one, other)]
    return type(one) is type(other) and shapes[0] == shapes[1] and bool(shapes[0])


def _refill(container: Any, kept: Sequence[Any], before: Sequence[Any]) -> Undo:
    def fill(entries: Sequence[Any]) -> None:
        container._modules.clear()
        for i, one in enumerate(entries):
            container.add_module(str(i), one)

    fill(kept)
    return lambda: fill(before)


def _numbers(module: Any, keep: int) -> Iterator[Callable[[], Undo]]:
    """Whole numbers above ``keep`` that the user's own classes hold."""
    for owner, name, value in list(_integers(module)):
        if value > keep:
            yield lambda owner=owner, name=name: _set(owner, name, keep)  # type: ignore[misc]


def _named(module: Any, value: int) -> list[tuple[Any, str]]:
    return [(owner, name) for owner, name, found in _integers(module) if found == value]


def _integers(module: Any) -> Iterator[tuple[Any, str, int]]:
    for one in module.modules():
        if type(one).__module__.startswith("torch."):
            continue
        for name, value in vars(one).items():
            if type(value) is int and not name.startswith("_"):
                yield one, name, value


def _set(owner: Any, name: str, value: int) -> Undo:
    before = getattr(owner, name)
    setattr(owner, name, value)
    return lambda: setattr(owner, name, before)
