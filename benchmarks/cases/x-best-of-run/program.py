"""Fault detection for wind turbine gearboxes (6 features per 10 min). Keeps the best model of the run on disk."""
import os
import sys
import tempfile

import numpy as np
import torch
import torch.nn as nn

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
RUN_DIR = tempfile.mkdtemp(prefix="gearbox_")


class GearboxNet(nn.Module):
    def __init__(self, n_in=6, hidden=(32, 16), p=0.1):
        super().__init__()
        dims = (n_in, *hidden)
        blocks = []
        for a, b in zip(dims[:-1], dims[1:]):
            blocks += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(p)]
        self.net = nn.Sequential(*blocks, nn.Linear(dims[-1], 1))
        nn.init.normal_(self.net[-1].weight, std=0.01)

    def forward(self, x):
        return self.net(x).squeeze(-1)


def turbines(n, rng):
    x = rng.normal(size=(n, 6)).astype(np.float32)
    z = 2.2 * x[:, 0] * (x[:, 1] > 0) + 1.5 * x[:, 3] - x[:, 5] + rng.normal(0, 0.5, n)
    return torch.from_numpy(x), torch.from_numpy((z > 0).astype(np.float32))


def train(x, y, xv, yv, epochs=25):
    model = GearboxNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    loss_fn = nn.BCEWithLogitsLoss()
    best = 0.0
    path = os.path.join(RUN_DIR, "best.pt")
    torch.save(model.state_dict(), path)
    for epoch in range(epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_fn(model(x[idx]), y[idx]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val = loss_fn(model(xv), yv).item()
        if val < best:
            best = val
            torch.save(model.state_dict(), path)
        if epoch % 5 == 0:
            print(f"{epoch:3d} val {val:.4f}")
    return path


torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
x, y = turbines(1600, rng)
xv, yv = turbines(300, rng)
ckpt = train(x, y, xv, yv)

detector = GearboxNet()
detector.load_state_dict(torch.load(ckpt))
detector.eval()
xt, yt = turbines(400, rng)
with torch.no_grad():
    alarm = torch.sigmoid(detector(xt)).numpy()
fault = yt.numpy()
print("alarms:", (alarm > 0.5).mean(), "faults:", fault.mean())
