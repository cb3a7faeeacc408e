"""River gauge: forecast of tomorrow's level (mm above sea level) with a GRU.

usage: python program.py [seed]
"""
import sys
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn


@dataclass
class Config:
    seed: int = 8
    window: int = 14
    hidden: int = 24
    epochs: int = 12
    batch_size: int = 40
    optim: dict = field(default_factory=lambda: {"lr": 0.05, "momentum": 0.9})
    max_norm: float = 1e-4


def simulate(n, rng):
    t = np.arange(n)
    rain = rng.gamma(0.6, 1.0, n)
    level = np.zeros(n)
    for i in range(1, n):
        level[i] = 0.85 * level[i - 1] + 0.4 * rain[i] + rng.normal() * 0.05
    return level + 0.8 * np.sin(2 * np.pi * t / 60)


def windows(series, w):
    xs = np.stack([series[i:i + w] for i in range(len(series) - w)])
    return torch.tensor(xs, dtype=torch.float32).unsqueeze(-1), torch.tensor(series[w:], dtype=torch.float32)


class Gauge(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(h[-1])[:, 0]


def fit(cfg, net, x, y):
    opt = torch.optim.SGD(net.parameters(), **cfg.optim)
    for epoch in range(cfg.epochs):
        epoch_loss = []
        for b in torch.randperm(len(x)).split(cfg.batch_size):
            loss = ((net(x[b]) - y[b]) ** 2).mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), cfg.max_norm)
            opt.step()
            epoch_loss.append(loss.item())
        print(f"{epoch:2d} {np.mean(epoch_loss):.3f}")


cfg = Config(seed=int(sys.argv[1])) if len(sys.argv) > 1 else Config()
torch.manual_seed(cfg.seed)
series = simulate(1500, np.random.default_rng(cfg.seed))
series = (series - series[:1100].mean()) / series[:1100].std()
x, y = windows(series, cfg.window)
level_mm = 48000 + 900 * y  # the gauge's unit
net = Gauge(cfg.hidden)
fit(cfg, net, x[:1100], level_mm[:1100])
with torch.no_grad():
    forecast = net(x[1100:])
actual = level_mm[1100:]
print("forecast", forecast[:5].numpy(), "actual", actual[:5].numpy())
print("forecast sd", forecast.std().item(), "actual sd", actual.std().item())
