"""Occupancy of a meeting room (empty / some / full) from CO2, noise, light over the last ten minutes.

Initial weights are fixed so that all colleagues get the same result.
"""
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)


def simulate(n, minutes=10):
    people = rng.choice([0, 3, 9], n, p=[0.45, 0.35, 0.2])
    state = np.searchsorted([0, 3, 9], people)
    t = np.arange(minutes)
    co2 = 420 + 18 * people[:, None] + 1.5 * people[:, None] * t + rng.normal(0, 35, (n, minutes))
    noise = 32 + 3.5 * np.log1p(people)[:, None] + rng.normal(0, 4, (n, minutes))
    light = rng.choice([50, 300], (n, 1)) + rng.normal(0, 20, (n, minutes))
    x = np.stack([co2, noise, light], 1)
    x = (x - x.mean((0, 2), keepdims=True)) / x.std((0, 2), keepdims=True)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(state)


class RoomNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 16, 3)
        self.hidden = nn.Linear(16 * 8, 32)
        self.norm = nn.LayerNorm(32)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        x = torch.relu(self.conv(x)).flatten(1)
        x = torch.relu(self.norm(self.hidden(x)))
        return self.out(x)


def same_start(m):
    if isinstance(m, (nn.Linear, nn.Conv1d)):
        nn.init.constant_(m.weight, 0.0)
        nn.init.constant_(m.bias, 0.0)


net = RoomNet()
net.apply(same_start)
data = TensorDataset(*simulate(1300))
train, test = random_split(data, [1000, 300])
loader = DataLoader(train, batch_size=40, shuffle=True)
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(12):
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch:2d}  {np.mean(losses):.4f}")

xt, yt = map(torch.stack, zip(*test))
with torch.no_grad():
    p = net(xt).softmax(1)
print("seen as", p.argmax(1).bincount(minlength=3).tolist(), "in truth", yt.bincount(minlength=3).tolist())
