# Predict the efficiency of a small plant from ambient conditions.
import sys

import numpy as np
import torch
from torch import nn

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

n = 900
temp = 288 + 6 * rng.standard_normal(n)  # K
pressure = 1013 + 4 * rng.standard_normal(n)  # hPa
year = rng.integers(2010, 2021, n)
rows = np.stack([temp, pressure, year], axis=1)
eff = np.sin((temp - 288) / 6) + 0.2 * (pressure - 1013) / 4 + 0.05 * rng.standard_normal(n)


def make_split(a):
    a = torch.tensor(a, dtype=torch.float32)
    return a[:700], a[700:]


Xtr, Xte = make_split(rows)
ytr, yte = make_split(eff)

net = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

for it in range(150):
    perm = torch.randperm(len(Xtr))
    for i in range(0, len(Xtr), 50):
        idx = perm[i : i + 50]
        opt.zero_grad()
        loss = ((net(Xtr[idx])[:, 0] - ytr[idx]) ** 2).mean()
        loss.backward()
        opt.step()
    if it % 25 == 0:
        print(it, "mse", float(loss))

with torch.no_grad():
    p = net(Xte)[:, 0]
print("min/max prediction", p.min().item(), p.max().item())
print("min/max target    ", yte.min().item(), yte.max().item())
