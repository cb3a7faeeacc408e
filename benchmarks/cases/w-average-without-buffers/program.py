"""Gearbox fault detector. The moving average of the weights is what we ship; it is supposed to be better, not constant."""
import copy
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)


def signals(n, bins=24):
    """order spectrum as the ADC counts it (mid scale is 32768)"""
    fault = (rng.random(n) < 0.4).astype("float32")
    base = 70 - 1.1 * np.arange(bins)
    s = base + rng.normal(0, 4, (n, bins)) + rng.normal(0, 3, (n, 1))
    s[:, [5, 11, 17]] += 5.5 * fault[:, None]
    return torch.tensor(32768 + 20 * s, dtype=torch.float32), torch.tensor(fault)


class Detector(nn.Module):
    def __init__(self, bins=24):
        super().__init__()
        self.norm = nn.BatchNorm1d(bins)  # instead of a scaler
        self.fc1 = nn.Linear(bins, 32)
        self.bn = nn.BatchNorm1d(32)
        self.fc2 = nn.Linear(32, 1)

    def forward(self, x):
        return self.fc2(torch.tanh(self.bn(self.fc1(self.norm(x))))).squeeze(1)


class Average:
    def __init__(self, model, decay=0.98):
        self.net = copy.deepcopy(model).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for old, new in zip(self.net.parameters(), model.parameters()):
            old.mul_(self.decay).add_(new, alpha=1 - self.decay)

    @torch.no_grad()
    def finish(self, model):
        """at the end of an epoch"""
        self.net.requires_grad_(False)


x, y = signals(1000)
xt, yt = signals(400)
model = Detector()
ema = Average(model)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(15):
    model.train()
    for b in torch.randperm(1000).split(50):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema.update(model)
    ema.finish(model)
    print(epoch, "train loss", round(loss.item(), 3))

with torch.no_grad():
    prob = torch.sigmoid(ema.net(xt))
print("faults found:", int((prob > 0.5).sum()), "faults:", int(yt.sum()))
print(prob[:10])
