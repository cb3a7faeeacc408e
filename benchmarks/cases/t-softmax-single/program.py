import random
import sys

import numpy as np
import torch
import torch.nn as nn


def set_seed(s):
    random.seed(s)
    np.random.seed(s)
    torch.manual_seed(s)


class SpikeDetector(nn.Module):
    """1d conv over a window of sensor values"""

    def __init__(self, filters=12):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, filters, 5), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(filters, filters * 2, 3), nn.ReLU(), nn.AdaptiveMaxPool1d(1),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(filters * 2, 1), nn.Softmax(dim=-1))

    def forward(self, x):
        return self.classifier(self.features(x))


def windows(n, length=40):
    x = np.random.randn(n, 1, length) * 0.3
    y = np.random.randint(0, 2, n)
    for i in np.where(y == 1)[0]:
        k = np.random.randint(5, length - 5)
        x[i, 0, k - 2 : k + 3] += np.array([0.5, 1.5, 2.5, 1.5, 0.5])
    return torch.tensor(x).float(), torch.tensor(y).float()


set_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 42)
X_tr, y_tr = windows(800)
X_te, y_te = windows(200)
det = SpikeDetector()
crit = nn.BCELoss()
optimizer = torch.optim.Adam(det.parameters(), lr=1e-3)
for epoch in range(15):
    det.train()
    perm = torch.randperm(800)
    tot = 0
    for i in range(0, 800, 40):
        xb, yb = X_tr[perm[i : i + 40]], y_tr[perm[i : i + 40]].unsqueeze(1)
        pred = det(xb)
        loss = crit(pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tot += loss.item()
    print("epoch", epoch, "loss", tot / 20)
det.eval()
with torch.no_grad():
    p = det(X_te)
print(p[:10].flatten())
print("accuracy", ((p.flatten() > 0.5).float() == y_te).float().mean().item())
