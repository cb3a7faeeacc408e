"""Clones of the user's module that share nothing with it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

DEPTH = 2
"""A list of lists of layers."""
MANY = 256
"""Entries of a plain list that are looked at; longer ones hold data."""
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def unwrapped(module: Any) -> Any:
    """The user's own module inside ``torch.compile``, ``DataParallel`` and their like."""
    for _ in range(4):
        if type(module).__name__ == "OptimizedModule" and hasattr(module, "_orig_mod"):
            module = module._orig_mod
        elif isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            module = module.module
        else:
            break
    return module


def clone_module(module: Any) -> Any:
    """A deep copy: cached tensors are detached, what cannot be copied is shared, the user's own hooks are left out."""
    memo: dict[int, Any] = {}
    for one in module.modules():
        for name, value in vars(one).items():
            if name not in ("_parameters", "_buffers", "_modules"):
                _prepare(value, memo)
        for name in HOOKS:
            foreign = {key: hook for key, hook in getattr(one, name, {}).items() if not _of_torch(hook)}
            for hook in foreign.values():
                memo[id(hook)] = hook
    clone = copy.deepcopy(module, memo)
    for one in clone.modules():
        _strip(one)
    return clone


class OwnBatchNorm(nn.modules.batchnorm._BatchNorm):  # type: ignore[misc]  # torch is Any to mypy
    """Batch normalization over the rows at hand, of any number of dimensions."""

    def _check_input_dim(self, input: Any) -> None:
        return


def _strip(module: Any) -> None:
    if isinstance(module, nn.SyncBatchNorm):  # it would wait for the other processes
        module.__class__ = OwnBatchNorm
    for name in HOOKS:
        hooks = getattr(module, name, {})
        for key in [key for key, hook in hooks.items() if not _of_torch(hook)]:
            del hooks[key]
    for parameter in module.parameters(recurse=False):
        parameter.grad = None
    if getattr(module, "_compiled_call_impl", None) is not None:
        module._compiled_call_impl = None


def _of_torch(hook: Any) -> bool:
    """Hooks that torch itself put there are part of the model (weight norm, spectral norm)."""
    owner = getattr(hook, "__module__", None) or type(hook).__module__
    return str(owner).startswith("torch.")


def _prepare(value: Any, memo: dict[int, Any]) -> None:
    """Note in ``memo`` what ``deepcopy`` would stumble over."""
    if isinstance(value, nn.Module):
        return
    if isinstance(value, torch.Tensor):
        if not value.is_leaf:
            memo[id(value)] = value.detach().clone()
        return
    if isinstance(value, list | tuple | set):
        for one in value:
            _prepare(one, memo)
    elif isinstance(value, Mapping):
        for one in value.values():
            _prepare(one, memo)
    elif not isinstance(value, str | int | float | bool | bytes | type(None)):
        try:
            copy.deepcopy(value, dict(memo))
        except Exception:
            memo[id(value)] = value


def forget(module: Any, kept: Sequence[tuple[str, str]]) -> None:
    """Empty these attributes of a clone, in place where others may hold the same one."""
    for path, name in kept:
        owner = module.get_submodule(path)
        value = getattr(owner, name)
        if hasattr(value, "clear"):
            value.clear()
        else:
            setattr(owner, name, False if isinstance(value, bool) else None)


def all_parameters(module: Any) -> list[tuple[str, Any]]:
    """Parameters by name, with those that torch does not see: of layers in a plain list, tensors in an attribute."""
    named = list(module.named_parameters())
    return [*named, *hidden_parameters(module)]


def hidden_parameters(module: Any) -> list[tuple[str, Any]]:
    """Leaf tensors with a gradient flag that hang on the module and are not registered with it, by their path."""
    seen = {id(one) for one in module.parameters()}
    found: list[tuple[str, Any]] = []
    for path, one in module.named_modules():
        for name, value in vars(one).items():
            if name not in ("_parameters", "_buffers", "_modules"):
                _collect(f"{path}.{name}" if path else name, value, seen, found, DEPTH)
    return found


def _collect(path: str, value: Any, seen: set[int], found: list[tuple[str, Any]], depth: int) -> None:
    if isinstance(value, torch.Tensor):
        if value.requires_grad and value.is_leaf and id(value) not in seen:
            seen.add(id(value))
            found.append((path, value))
    elif isinstance(value, nn.Module):
        for name, one in value.named_parameters():
            _collect(f"{path}.{name}", one, seen, found, 0)
    elif depth and isinstance(value, list | tuple) and len(value) <= MANY:
        for i, one in enumerate(value):
            _collect(f"{path}.{i}", one, seen, found, depth - 1)
    elif depth and isinstance(value, dict) and len(value) <= MANY:
        for key, one in value.items():
            _collect(f"{path}.{key}", one, seen, found, depth - 1)


def state_of(module: Any) -> dict[str, Any]:
    """All parameters and buffers (the not persistent ones, too), copied."""
    named = [
        *module.named_parameters(remove_duplicate=False),
        *hidden_parameters(module),
        *module.named_buffers(remove_duplicate=False),
    ]
    return {name: tensor.detach().clone() for name, tensor in named if not _uninitialized(tensor)}


def load_state(module: Any, state: Mapping[str, Any]) -> None:
    """Copy arrays into a clone, by name; what has another shape or no counterpart stays."""
    with torch.no_grad():
        for name, tensor in (*all_parameters(module), *module.named_buffers()):
            value = state.get(name)
            if value is not None and value.shape == tensor.shape:
                tensor.copy_(value)


def _uninitialized(tensor: Any) -> bool:
    return isinstance(tensor, nn.parameter.UninitializedTensorMixin)


def is_uninitialized(module: Any) -> bool:
    """Whether a lazy module still waits for its first rows."""
    return any(_uninitialized(one) for one in (*module.parameters(), *module.buffers()))


def device_of(module: Any) -> Any:
    """Device of the first parameter."""
    first = next(iter(module.parameters()), None)
    return first.device if first is not None else torch.device("cpu")


def floating_of(module: Any) -> Any:
    """Floating dtype of the first floating parameter."""
    for one in module.parameters():
        if one.is_floating_point():
            return one.dtype
    return torch.get_default_dtype()
