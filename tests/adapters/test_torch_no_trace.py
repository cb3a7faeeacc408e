"""Nothing the adapter does changes the user's model, data, random states, modes, flags, hooks or output."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.adapters.torch.clone import clone_module
from defib.capture.script import watch
from defib.recipe import Arm
from defib.subject import BudgetExceeded


class Chatty(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
    """Prints, draws random numbers, counts its calls and keeps its last activation."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))
        self.calls = 0
        self.last: Any = None

    def forward(self, x: Any) -> Any:
        print("shape", x.shape)
        self.calls += 1
        random.random()
        np.random.rand()
        self.last = self.body(x + 0 * torch.rand(1))
        return self.last


def session() -> tuple[TorchSubject, Any, Any, list[Any], Any, Any]:
    torch.manual_seed(0)
    X = torch.randn(40, 4)
    y = (X[:, :1] > 0).float()
    model = Chatty()
    seen: list[Any] = []
    model.body[0].register_forward_hook(lambda module, args, out: seen.append(out))
    next(model.parameters()).requires_grad_(False)
    with watch() as watched:
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(4):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(X), y).backward()
            optimizer.step()
        model.eval()
        model.body[3].train()
        model(X[:5] + 1)
    (subject,) = watched.subjects()
    assert isinstance(subject, TorchSubject)
    return subject, model, optimizer, seen, X, y


def fingerprint(model: Any, optimizer: Any, seen: list[Any], X: Any, y: Any) -> list[Any]:
    state = [(name, value.clone().numpy().tobytes()) for name, value in model.state_dict().items()]
    moments = [
        {key: value.clone().numpy().tobytes() if torch.is_tensor(value) else value for key, value in one.items()}
        for one in optimizer.state.values()
    ]
    return [
        state,
        moments,
        [None if one.grad is None else one.grad.clone().numpy().tobytes() for one in model.parameters()],
        [one.requires_grad for one in model.parameters()],
        [one.training for one in model.modules()],
        [len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules()],
        [sorted(vars(one)) for one in model.modules()],
        model.calls,
        id(model.last),
        len(seen),
        X.numpy().tobytes(),
        y.numpy().tobytes(),
        torch.get_rng_state().numpy().tobytes(),
        str(np.random.get_state()),
        random.getstate(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        torch._C._len_torch_function_stack(),
    ]


ACTIONS: dict[str, Callable[[TorchSubject], Any]] = {
    "parameters": lambda s: s.parameters(),
    "buffers": lambda s: s.buffers(moment="initial"),
    "forward": lambda s: s.forward(s.training.X),  # type: ignore[union-attr]
    "forward initial training": lambda s: s.forward(s.training.X, moment="initial", training=True),  # type: ignore[union-attr]
    "gradients": lambda s: s.gradients(s.training.X, s.training.y),  # type: ignore[union-attr,arg-type]
    "loss": lambda s: s.loss(s.training.X, s.training.y),  # type: ignore[union-attr,arg-type]
    "can_train": lambda s: s.can_train(Arm().with_edit("batch_norm")),
    "train": lambda s: s.train(Arm().with_edit("batch_norm"), s.training, seed=1).predict(s.training.X),  # type: ignore[union-attr,arg-type]
    "canonical": lambda s: s.train(
        Arm(loop="canonical").with_edit("reinitialize").with_edit("unfreeze"),
        s.training,  # type: ignore[arg-type]
        seed=2,
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_left_behind(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    subject, *things = session()
    capsys.readouterr()
    before = fingerprint(*things)
    ACTIONS[name](subject)
    assert fingerprint(*things) == before
    assert capsys.readouterr().out == ""


def test_nothing_is_left_behind_when_the_budget_ends() -> None:
    subject, *things = session()
    before = fingerprint(*things)
    assert subject.training is not None
    with pytest.raises(BudgetExceeded):
        subject.train(Arm(), subject.training, seed=0, deadline=0.0)
    assert fingerprint(*things) == before


def test_the_fingerprint_sees_a_change() -> None:
    _, *things = session()
    before = fingerprint(*things)
    things[0](things[3])
    assert fingerprint(*things) != before


def test_evaluation_is_deterministic() -> None:
    subject, *_ = session()
    assert subject.training is not None
    first, second = subject.forward(subject.training.X), subject.forward(subject.training.X)
    np.testing.assert_array_equal(first.outputs, second.outputs)


def test_a_clone_shares_no_memory_and_no_foreign_hook() -> None:
    _, model, *_ = session()
    clone = clone_module(model)
    for a, b in zip(model.parameters(), clone.parameters(), strict=True):
        assert a.data_ptr() != b.data_ptr()
    assert not clone.body[0]._forward_hooks
    assert len(model.body[0]._forward_hooks) == 1


def test_weight_norm_survives_cloning() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.utils.spectral_norm(nn.Linear(3, 3)), nn.Linear(3, 1)).eval()
    X = torch.randn(5, 3)
    np.testing.assert_allclose(clone_module(model)(X).detach(), model(X).detach())
