"""A watched training is bit-identical to an unwatched one, and detaching leaves torch as it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, TensorDataset

from defib.capture.script import watch
from defib.capture.torch_loop import TorchWatcher
from defib.capture.torch_stack import put_under, take_off


def program(seed: int) -> tuple[list[Any], Any, Any, Any]:
    """Dropout, batch norm, a shuffling loader, a validation pass; then weights, moments and random states."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    X = torch.randn(90, 6)
    y = (X[:, :1] > 0).float()
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loader = DataLoader(TensorDataset(X[:70], y[:70]), batch_size=16, shuffle=True)
    for _ in range(6):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(xb), yb)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.eval()
        with torch.no_grad():
            F.binary_cross_entropy_with_logits(model(X[70:]), y[70:])
    state = [value.clone() for value in model.state_dict().values()]
    moments = [value["exp_avg_sq"].clone() for value in optimizer.state.values()]
    return [*state, *moments], torch.get_rng_state(), str(np.random.get_state()), random.getstate()


def test_training_is_bit_identical() -> None:
    for seed in (0, 1):
        bare = program(seed)
        with watch() as watched:
            seen = program(seed)
        assert watched.notes == ()
        assert len(watched.subjects()) == 1
        assert all(torch.equal(a, b) for a, b in zip(bare[0], seen[0], strict=True))
        assert torch.equal(bare[1], seen[1])
        assert bare[2] == seen[2]
        assert bare[3] == seen[3]


def test_different_seeds_differ() -> None:
    assert not torch.equal(program(0)[0][0], program(1)[0][0])


def test_detach_restores_torch() -> None:
    def patched() -> list[Any]:
        return [
            nn.Module.__dict__["__call__"],
            nn.Module.__dict__["load_state_dict"],
            torch.Tensor.__dict__["backward"],
            torch.autograd.backward,
            torch.optim.Optimizer.__dict__["__init__"],
            nn.utils.clip_grad_norm_,
            nn.utils.clip_grad_value_,
        ]

    before = patched()
    hooks = (
        dict(_global_optimizer_pre_hooks),
        dict(_global_optimizer_post_hooks),
    )
    watcher = TorchWatcher()
    watcher.attach()
    assert all(a is not b for a, b in zip(before, patched(), strict=True))
    nn.Linear(2, 2)(torch.ones(3, 2))  # leaves the tape on the stack
    watcher.detach()
    assert all(a is b for a, b in zip(before, patched(), strict=True))
    assert torch._C._len_torch_function_stack() == 0
    assert hooks == (
        dict(_global_optimizer_pre_hooks),
        dict(_global_optimizer_post_hooks),
    )


class Passing(TorchFunctionMode):  # type: ignore[misc]  # torch is Any to mypy
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def test_our_mode_goes_under_the_users_and_comes_off_alone() -> None:
    ours, theirs = Passing(), Passing()
    with theirs:
        put_under(ours)
        with torch.device("cpu"):
            torch.ones(1)
        assert torch._C._len_torch_function_stack() == 2
    assert torch._C._len_torch_function_stack() == 1
    with Passing():
        take_off(ours)
        assert torch._C._len_torch_function_stack() == 1
    assert torch._C._len_torch_function_stack() == 0


def test_a_device_context_may_open_and_close_around_the_tape() -> None:
    X = torch.randn(8, 2)
    model = nn.Linear(2, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            with torch.device("cpu"):
                optimizer.zero_grad()
                out = model(X)
            with torch.device("meta"):
                assert torch.ones(2).device.type == "meta"
            F.mse_loss(out, X[:, :1]).backward()
            optimizer.step()
    assert torch.ones(2).device.type == "cpu"
    assert torch._C._len_torch_function_stack() == 0
    assert watched.notes == ()
    assert len(watched.subjects()) == 1


def test_a_default_device_may_be_set_and_unset_around_the_tape() -> None:
    X = torch.randn(8, 2)
    model = nn.Linear(2, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for device in ("cpu", None, "cpu", None):
            optimizer.zero_grad()
            out = model(X)
            torch.set_default_device(device)
            loss = F.mse_loss(model(X) + out, X[:, :1])
            loss.backward()
            optimizer.step()
    assert torch._C._len_torch_function_stack() == 0
    assert watched.notes == ()


def test_an_error_of_the_user_passes_through() -> None:
    model = nn.Linear(2, 1)
    with watch() as watched:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="mat1 and mat2"):
                model(torch.ones(3, 5))
        loss = F.mse_loss(model(torch.ones(3, 2)), torch.zeros(3, 1))
        loss.backward()
    assert watched.notes == ()


def test_an_error_of_ours_is_noted_and_the_training_goes_on() -> None:
    watcher = TorchWatcher()
    watcher.attach()
    try:

        def broken(*args: Any) -> None:
            raise ValueError("inside")

        watcher.session.after_call = broken  # type: ignore[method-assign,assignment]
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        before = model.weight.detach().clone()
        F.mse_loss(model(torch.ones(3, 2)), torch.zeros(3, 1)).backward()
        optimizer.step()
    finally:
        watcher.detach()
    assert watcher.errors == ["ValueError: inside"]
    assert not torch.equal(before, model.weight)
