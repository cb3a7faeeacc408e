"""Networks whose weights are tensors of the program's, in no module: found where ``backward`` comes to them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, final

import torch
from torch import nn

from defib.adapters.torch.loose import Loose
from defib.adapters.torch.program import Node
from defib.capture.torch_call import Call, version_of
from defib.capture.torch_frames import is_foreign, user_frames, user_line
from defib.capture.torch_stretch import Stretch, again, split

MAX_FUNCTIONS: Final = 20_000
"""Calls of one step's graph that are walked."""
MANY: Final = 64
"""Weights, and entries of a list, beyond which nothing is named."""

Step = tuple[list[Call], list[Node] | None]


@final
class LooseWeights:
    """One network of loose weights: its module, and the stretch of the first step that was recorded."""

    def __init__(self, weights: Mapping[str, Any], loss: Any) -> None:
        self.module = Loose(weights)
        self.names = {id(one): name for name, one in weights.items()}
        self.first: Stretch | None = None
        self.first_loss = loss.detach().clone()
        """Of the step before the recorded ones: only its backward pass told that there is a network."""
        self.failed = False
        self.n_backward = 0
        """Backward passes through these very tensors."""

    def renewed(self, weights: Mapping[str, Any]) -> bool:
        """Take these tensors for its weights after an update, where the program makes new ones at every step.

        Not where the former ones were used for several steps: then a training begins anew under the same names.
        """
        same = {name: one.shape for name, one in weights.items()}
        if self.n_backward != 1 or same != {name: one.shape for name, one in self.module.named_parameters()}:
            return False
        self.module._parameters.update(weights)
        self.names = {id(one): name for name, one in weights.items()}
        self.n_backward = 0
        return True

    def step(self, nodes: Sequence[Node], loss: Any) -> Step | None:
        """The step as a call of the module and what follows it; ``None`` where it cannot be cut so."""
        stretch = None if self.failed else split(nodes, loss, self.names)
        if stretch is None:
            self.failed = self.failed or self.first is None
            return None
        if self.first is None:
            self.first = stretch
            self.module.program, self.module.recorded_rows = stretch.program, stretch.n_rows
        call = Call(self.module, stretch.rows, {}, stretch.out, True, True, user_line())
        return [call], [_as_call(self.module, stretch), *stretch.outer]

    def unrecorded(self) -> Step:
        """A step of which nothing more is to be known."""
        return [Call(self.module, (), {}, None, True, True)], None

    def evaluations(self, nodes: Sequence[Node]) -> Iterator[Step]:
        """What the program had the network say after its last step."""
        found = [] if self.first is None else again(nodes, self.names, self.first)
        for k, (stretch, at) in enumerate(found):
            stop = found[k + 1][1] if k + 1 < len(found) else len(nodes)
            version = version_of(stretch.rows, {}, stretch.out)
            call = Call(self.module, stretch.rows, {}, stretch.out, False, False, version=version)
            yield [call], [_as_call(self.module, stretch), *nodes[at + 1 : stop]]


def _as_call(module: Loose, stretch: Stretch) -> Node:
    return Node(module, stretch.rows, {}, stretch.out, call=True)


def is_plain(tensor: Any) -> bool:
    """Whether it holds its numbers itself: pieces of sharded weights may hold no memory, and to copy them is fatal."""
    return type(tensor) in (torch.Tensor, nn.Parameter) and tensor.untyped_storage().nbytes() >= tensor.nbytes


def leaves_of(loss: Any) -> list[Any]:
    """The tensors that a backward pass gives gradients to."""
    start = getattr(loss, "grad_fn", None)
    todo, seen, found = [start], set[int](), dict[int, Any]()
    while todo and len(seen) < MAX_FUNCTIONS:
        function = todo.pop()
        if function is None or id(function) in seen:
            continue
        seen.add(id(function))
        variable = getattr(function, "variable", None)
        if isinstance(variable, torch.Tensor):
            found[id(variable)] = variable
        todo.extend(one for one, _ in function.next_functions)
    return list(found.values()) if len(found) <= MANY else []


def named(weights: Sequence[Any]) -> dict[str, Any]:
    """Weights under the names that the program has for them, in the order of its variables; else by number.

    Names in a list, a dict or an object go first where most have one: what else has a name is a loop's variable.
    """
    wanted = {id(one): one for one in weights}
    found = [_names(wanted, depth) for depth in (0, 1)]
    found.sort(key=len, reverse=True)
    chosen = {**found[0], **{key: path for key, path in found[1].items() if key not in found[0]}}
    names = {path: wanted[key] for key, path in chosen.items()}
    rest = [one for one in weights if not any(one is known for known in names.values())]
    return {**names, **{f"weight[{i}]": one for i, one in enumerate(rest)}}


def _names(wanted: Mapping[int, Any], depth: int) -> dict[int, str]:
    """Path by ``id``: of plain variables (0), or in what variables hold (1)."""
    names: dict[int, str] = {}
    for frame in user_frames(sys._getframe(1)):
        for scope in (frame.f_locals, frame.f_globals):
            for name, value in list(scope.items()):
                for path, one in _tensors(name, value, depth):
                    if id(one) in wanted and (depth == 0 or path != name):
                        names.setdefault(id(one), path)
    return names


def _tensors(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif not depth:
        return
    elif isinstance(value, nn.Module):
        yield from ((f"{name}.{path}", one) for path, one in value.named_parameters())
    elif isinstance(value, list | tuple) and len(value) <= MANY:
        for i, one in enumerate(value):
            yield from _tensors(f"{name}[{i}]", one, 1 if isinstance(one, list | tuple) else 0)
    elif isinstance(value, dict) and len(value) <= MANY:
        for key, one in value.items():
            yield from _tensors(f"{name}[{key!r}]", one, 0)
    elif _is_users(type(value)):
        for key, one in list(getattr(value, "__dict__", {}).items()):
            yield from _tensors(key, one, 1 if isinstance(one, list | tuple | dict) else 0)


def _is_users(kind: type) -> bool:
    """Whether a class is written in the program."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return kind.__module__ == "__main__" or (file is not None and not is_foreign(file))
