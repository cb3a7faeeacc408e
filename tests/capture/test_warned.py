"""Warnings of a watched program: the same ones, at the same lines, as often as without defib."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch

Place = tuple[str, int, str]


def train() -> None:
    torch.manual_seed(0)
    X, y = torch.randn(30, 3), torch.randn(30)
    model = nn.Sequential(nn.Linear(3, 4), nn.Softmax(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    criterion = nn.MSELoss()
    for step in range(8):
        optimizer.zero_grad()
        out = model(X)
        loss = criterion(out, y) + F.l1_loss(out, y)
        warnings.warn(f"mine, {step // 4}", stacklevel=1)
        loss.backward()
        optimizer.step()


def shown(action: Any, *, watched: bool, program: Callable[[], None] = train) -> list[Place]:
    forget()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        with watch() if watched else nullcontext():
            program()
    return [(one.filename, one.lineno, str(one.message)) for one in caught]


def forget() -> None:
    """What was shown before this test does not count."""
    for module in list(sys.modules.values()):
        vars(module).get("__warningregistry__", {}).clear()
    warnings.onceregistry.clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("action", ["default", "always", "once", "ignore"])
def test_warnings_are_those_of_plain_python(action: str) -> None:
    plain = shown(action, watched=False)
    assert len(plain) == {"default": 5, "always": 32, "once": 5, "ignore": 0}[action]
    assert shown(action, watched=True) == plain


def train_with_a_hook() -> None:
    """PyTorch warns of the hook from deep inside ``backward``, and counts levels up to the program's line."""
    model = nn.Linear(3, 1)
    model.register_full_backward_hook(lambda *given: None)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(4):
        optimizer.zero_grad()
        loss = model(torch.ones(5, 3)).square().mean()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("action", ["default", "always"])
def test_a_warning_that_counts_levels_is_blamed_on_the_programs_line(action: str) -> None:
    plain = shown(action, watched=False, program=train_with_a_hook)
    assert {one[0] for one in plain} == {__file__}
    assert len(plain) == {"default": 1, "always": 4}[action]
    assert shown(action, watched=True, program=train_with_a_hook) == plain


def test_an_error_filter_still_raises() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="Implicit dimension")
        with watch() as watched, pytest.raises(UserWarning, match="target size"):
            train()
    assert watched.notes == ()


def test_nothing_stays_patched() -> None:
    before = warnings._showwarnmsg  # type: ignore[attr-defined]
    with watch(), watch():
        assert warnings._showwarnmsg is not before  # type: ignore[attr-defined]
    assert warnings._showwarnmsg is before  # type: ignore[attr-defined]
