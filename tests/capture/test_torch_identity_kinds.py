"""Every kind of loop is bit-identical under watch: closures, mixed precision, accumulation, compiled models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch

Made = tuple[list[Any], Any]


def data() -> tuple[Any, Any]:
    torch.manual_seed(3)
    X = torch.randn(64, 5)
    return X, (X[:, :1] * X[:, 1:2] > 0).float()


def net() -> Any:
    return nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 1))


def made(model: Any, *more: Any) -> Made:
    """Weights, gradients and the random state that a training leaves."""
    weights = [one.detach().clone() for one in model.parameters()]
    gradients = [one.grad.clone() for one in model.parameters() if one.grad is not None]
    return [*weights, *gradients, *more], torch.get_rng_state()


def lbfgs() -> Made:
    X, y = data()
    model = net()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.3, max_iter=5, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).detach() for _ in range(4)]
    return made(model, torch.stack(losses))


def scaled(dtype: Any) -> Callable[[], Made]:
    def train() -> Made:
        X, y = data()
        model = net()
        optimizer = torch.optim.AdamW(model.parameters())
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=2)
        for epoch in range(6):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=dtype):
                out = model(X * (1e6 if epoch == 2 else 1))
                loss = F.binary_cross_entropy_with_logits(out.float(), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
        return made(model, torch.tensor(scaler.get_scale()))

    return train


def accumulated() -> Made:
    X, y = data()
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(3):
        for i, start in enumerate(range(0, 64, 16)):
            (F.binary_cross_entropy_with_logits(model(X[start : start + 16]), y[start : start + 16]) / 2).backward()
            if i % 2:
                optimizer.step()
                optimizer.zero_grad(set_to_none=bool(epoch % 2))
    return made(model)


def compiled(whole_step: bool) -> Callable[[], Made]:
    def train() -> Made:
        torch._dynamo.reset()
        X, y = data()
        model = net()
        forward = model if whole_step else torch.compile(model, backend="eager")
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def loss_of(rows: Any, labels: Any) -> Any:
            return F.binary_cross_entropy_with_logits(forward(rows), labels)

        step = torch.compile(loss_of, backend="eager", fullgraph=True) if whole_step else loss_of
        for _ in range(4):
            optimizer.zero_grad()
            step(X, y).backward()
            optimizer.step()
        return made(model)

    return train


def by_hand() -> Made:
    X, y = data()
    model = net()
    for _ in range(4):
        F.binary_cross_entropy_with_logits(model(X), y).backward()
        with torch.no_grad():
            for one in model.parameters():
                one -= 0.1 * one.grad
        model.zero_grad()
    return made(model)


def two_optimizers() -> Made:
    X, y = data()
    model = net()
    first = torch.optim.RMSprop(model[0].parameters(), lr=1e-3)
    last = torch.optim.Adam(model[3].parameters(), lr=1e-2)
    for _ in range(5):
        first.zero_grad()
        last.zero_grad()
        F.binary_cross_entropy_with_logits(model(X), y).backward()
        first.step()
        last.step()
    return made(model)


KINDS: dict[str, tuple[Callable[[], Made], int]] = {
    "L-BFGS": (lbfgs, 1),
    "bfloat16": (scaled(torch.bfloat16), 1),
    "float16 with skipped steps": (scaled(torch.float16), 1),
    "accumulation": (accumulated, 1),
    "compiled model": (compiled(whole_step=False), 1),
    "compiled step": (compiled(whole_step=True), 0),
    "by hand": (by_hand, 1),
    "two optimizers": (two_optimizers, 1),
}
"""Name → training, and how many networks are followed in it."""


@pytest.mark.parametrize("kind", KINDS)
def test_bit_identical(kind: str) -> None:
    train, followed = KINDS[kind]
    bare = train()
    with watch() as watched:
        seen = train()
    assert len(watched.subjects()) == followed
    assert (watched.notes == ()) is bool(followed)
    assert all(torch.equal(a, b) for a, b in zip(bare[0], seen[0], strict=True))
    assert torch.equal(bare[1], seen[1])
