"""Losses whose row values are no labels of the row: actions, advantages, pairs; and calls that are no step."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from defib.adapters.torch.choices import CHOSEN, FOLLOWED, TWIN
from defib.capture.script import watch
from defib.capture.torch_call import Call, apart
from defib.subject import Subject


def trained(loss_of: Any, net: nn.Module | None = None, *rows: torch.Tensor) -> Subject:
    torch.manual_seed(0)
    net = net or nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    with watch() as watched:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(6):
            optimizer.zero_grad()
            loss_of(net(*(rows or (torch.randn(16, 4),)))).backward()
            optimizer.step()
    (subject,) = watched.subjects()
    return subject


def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randint(0, 3, (16,)), torch.randn(16)


def test_an_action_that_picks_an_output_is_no_label() -> None:
    action, target = drawn()
    subject = trained(lambda out: F.smooth_l1_loss(out.gather(1, action[:, None]).squeeze(1), target))
    assert CHOSEN in subject.trace.notes
    assert subject.training is not None
    assert subject.training.y is None


def test_a_target_that_another_network_gives_is_no_label_either() -> None:
    torch.manual_seed(0)
    net, old = (nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)) for _ in range(2))
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(6):
            rows, after, action = torch.randn(16, 4), torch.randn(16, 4), torch.randint(0, 3, (16,))
            reward, done = torch.rand(16), (torch.rand(16) < 0.2).float()
            with torch.no_grad():
                target = reward + 0.9 * old(after).max(1)[0] * (1 - done)
            loss = F.smooth_l1_loss(net(rows).gather(1, action[:, None]).squeeze(1), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for subject in watched.subjects():
        assert CHOSEN in subject.trace.notes


def test_an_advantage_of_either_sign_makes_no_labels_of_actions() -> None:
    action, advantage = drawn()
    subject = trained(lambda out: -(F.log_softmax(out, 1).gather(1, action[:, None]).squeeze(1) * advantage).mean())
    assert FOLLOWED in subject.trace.notes


def test_a_cross_entropy_by_hand_with_sample_weights_keeps_its_labels() -> None:
    label, weight = drawn()
    weight = weight.abs()
    subject = trained(lambda out: -(F.log_softmax(out, 1).gather(1, label[:, None]).squeeze(1) * weight).mean())
    assert subject.training is not None
    assert subject.training.y is not None


class Twin(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(4, 2)

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.net(a), self.net(b)


def test_the_label_of_a_pair_is_no_label_of_its_first_row() -> None:
    same = torch.randint(0, 2, (16,)).float()

    def loss_of(out: Any) -> torch.Tensor:
        distance = F.pairwise_distance(*out)
        return (same * distance**2 + (1 - same) * torch.clamp(1 - distance, min=0) ** 2).mean()

    subject = trained(loss_of, Twin(), torch.randn(16, 4), torch.randn(16, 4))
    assert TWIN in subject.trace.notes


def test_calls_whose_rows_do_not_go_together_are_asked_for_by_themselves() -> None:
    def call(n: int) -> Call:
        return Call(nn.Linear(2, 1), (torch.zeros(n, 2),), {}, torch.zeros(n, 1), True, True)

    assert apart([call(5), call(3)], [])
    assert not apart([call(5), call(5)], [])
