# fit the measured displacement of a damped spring, then use the net instead of the ODE solver
import sys

import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


def measure(t, c, k):
    """what the rig records (mm)"""
    w = torch.sqrt(k - (c / 2) ** 2)
    return 8.0 * torch.exp(-c * t / 2) * torch.cos(w * t)


n = 400
t = torch.rand(n) * 6
c = 0.2 + 0.6 * torch.rand(n)
k = 1.0 + torch.rand(n)
X = torch.stack([t / 6, c, k], 1).double()
y = measure(t, c, k) + 0.25 * torch.randn(n).double()
Xtr, Xte, ytr, yte = X[:300], X[300:], y[:300], y[300:]

net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)).double()
opt = torch.optim.LBFGS(net.parameters(), lr=1.0, max_iter=20, history_size=20, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    l = ((net(Xtr).squeeze(1) - ytr) ** 2).mean() + 1e-5 * sum((p**2).sum() for p in net.parameters())
    l.backward()
    return l


# only 12 "epochs", the loss prints the value BEFORE the step so the first line is the variance
for it in range(12):
    loss = opt.step(closure)
    print(it, round(loss.item(), 4))

with torch.no_grad():
    x_hat = net(Xte).squeeze(1)
print("rms error (mm):", ((x_hat - yte) ** 2).mean().sqrt().item())
print(x_hat[:8])
