"""Agents in an environment of their own: what is seen of them is looked at, and nothing is made up about the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.diagnosis import Diagnosis
from defib.subject import Subject
from tests.conftest import Run

rng = np.random.default_rng(0)
X = torch.tensor(rng.normal(size=(192, 4)), dtype=torch.float32)
Y = (X[:, :1] > 0).float()
NEEDS_LABELS = {"no-learnable-signal", "class-imbalance", "broadcast-loss", "loss-head-mismatch"}


class World:
    """Pays for naming the sign of the first number; what comes next depends on what was done."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.rng = np.random.default_rng(1)
        self.state = self.rng.normal(size=(n, 4)).astype("float32")

    def step(self, action: Any) -> tuple[Any, Any]:
        reward = torch.tensor(np.where((self.state[:, 0] > 0) == (action.numpy() == 1), 1.0, -1.0)).float()
        self.state = (0.5 * self.state + self.rng.normal(size=(self.n, 4)) + action.numpy()[:, None]).astype("float32")
        return torch.tensor(self.state), reward


def agent(n_worlds: int, *, dead: bool = False) -> Subject:
    """Rolls out with no gradient, then one step on all rows of the roll-out."""
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    if dead:
        policy[0].bias.data -= 100.0
    with watch() as watched:
        optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
        world = World(n_worlds)
        for _ in range(60):
            rows, actions, rewards = [], [], []
            state = torch.tensor(world.state)
            for _ in range(5):
                with torch.no_grad():
                    action = torch.distributions.Categorical(logits=policy(state)).sample()
                rows.append(state)
                actions.append(action)
                state, reward = world.step(action)
                rewards.append(reward)
            gain = torch.cat(rewards)
            losses = F.cross_entropy(policy(torch.cat(rows)), torch.cat(actions), reduction="none")
            optimizer.zero_grad()
            (losses * (gain - gain.mean())).mean().backward()
            optimizer.step()
    assert watched.notes == ()
    (subject,) = watched.subjects()
    return subject


def says_so(found: Diagnosis) -> None:
    assert "asked about rows few by few" in found.notes[0]
    assert "labels of these rows" not in found.headline
    assert found.trials == ()
    assert found.fix is None or not found.fix.verified
    assert {one.name for one in found.not_assessed} >= NEEDS_LABELS


@pytest.mark.parametrize("n_worlds", [1, 6])
def test_an_agent_is_looked_at_and_not_taken_for_a_classifier_of_its_actions(n_worlds: int) -> None:
    subject = agent(n_worlds)
    assert subject.training is not None
    assert subject.training.y is None
    assert subject.trace.label_order is None
    found = diagnose_subject(subject)
    says_so(found)
    assert (found.outcome, found.causes) == ("undecided", ())
    assert {"nan-inputs", "disconnected-input"} <= {one.name for one in found.ruled_out}  # the evidence that there is


def test_a_policy_whose_units_are_dead_is_named_all_the_same() -> None:
    found = diagnose_subject(agent(6, dead=True))
    says_so(found)
    assert found.symptom.pattern == "identical"
    assert found.causes[0].name in ("dead-relus", "initialization-scale")


def supervised(look: Callable[[Any, Any, int], None], n_epochs: int = 3) -> Subject:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
        for _ in range(n_epochs):
            for at in range(0, 128, 16):
                with torch.no_grad():
                    look(net, X[at : at + 16], at)
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(net(X[at : at + 16]), Y[at : at + 16]).backward()
                optimizer.step()
    (subject,) = watched.subjects()
    return subject


def same_batch(net: Any, batch: Any, at: int) -> None:
    net(batch)


def others_one_by_one(net: Any, batch: Any, at: int) -> None:
    for row in X[128:144]:
        net(row[None])


def some_at_random(net: Any, batch: Any, at: int) -> None:
    net(X[torch.arange(at, at + 40, 7) % 128])


@pytest.mark.parametrize("look", [same_batch, others_one_by_one, some_at_random])
@pytest.mark.parametrize("n_epochs", [1, 3])
def test_looks_at_rows_of_a_data_set_lead_to_nothing(look: Any, n_epochs: int) -> None:
    subject = supervised(look, n_epochs)
    assert subject.training is not None
    assert subject.training.y is not None
    assert not [note for note in subject.trace.notes if "few by few" in note]


AGENT = """
import torch
from torch import nn

torch.manual_seed(0)


class Corridor:
    def reset(self):
        self.x, self.t = 0, 0
        return self.seen()

    def seen(self):
        return torch.tensor([self.x / 4, self.t / 12])

    def step(self, action):
        self.x, self.t = max(-4, self.x + (1 if action else -1)), self.t + 1
        return self.seen(), 1.0 if self.x >= 4 else -0.05, self.x >= 4 or self.t >= 12


env, policy = Corridor(), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(12):
    seen, done, logs, rewards = env.reset(), False, [], []
    while not done:
        choice = torch.distributions.Categorical(logits=policy(seen))
        action = choice.sample()
        logs.append(choice.log_prob(action))
        seen, reward, done = env.step(action.item())
        rewards.append(reward)
    gains = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    optimizer.zero_grad()
    (-(torch.stack(logs) * (gains - gains.mean())).sum()).backward()
    optimizer.step()
"""


def test_an_environment_under_defib_run(defib: Run, tmp_path: Any) -> None:
    """What is seen has as many numbers as there are actions: a row, and not two rows of one number."""
    (tmp_path / "agent.py").write_text(AGENT)
    done = defib("run", "--no-trials", "agent.py")
    assert done.returncode == 0, done.stderr
    assert "calls of the model with one row each (an episode" in done.stdout
    assert "needs the labels:" in done.stdout
    assert "broke inside" not in done.stdout
