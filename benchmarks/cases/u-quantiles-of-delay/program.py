import sys

import numpy as np
import torch
import torch.nn as nn

"""Delivery delay, three quantiles with the pinball loss. Copied from a blog post and changed."""

QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def get_data(n, seed):
    r = np.random.RandomState(seed)
    dist = r.uniform(1, 30, n)
    rain = r.binomial(1, 0.3, n)
    rush = r.binomial(1, 0.4, n)
    delay = 2 + 0.4 * dist + 6 * rain * rush + (0.5 + 0.12 * dist) * r.standard_t(4, n)
    X = np.c_[(dist - 15.5) / 8.4, rain, rush]
    return torch.tensor(X, dtype=torch.float), torch.tensor(delay, dtype=torch.float)


def pinball(q_hat, target):
    diff = target[:, None] - q_hat
    return torch.maximum(QUANTILES * diff, (QUANTILES - 1) * diff).mean()


class QuantileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU())
        self.q = nn.Linear(50, 3)

    def forward(self, x):
        raw = self.q(self.trunk(x))
        # increasing quantiles
        return torch.cumsum(torch.cat([raw[:, :1], nn.functional.softplus(raw[:, 1:])], 1), 1)


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    X, y = get_data(3000, seed)
    net, step = QuantileNet(), 0
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=700)
    while step < 700:
        b = torch.randint(0, 2000, (100,))
        loss = pinball(net(X[b]), y[b])
        optimizer.zero_grad(); loss.backward(); optimizer.step(); scheduler.step()
        if step % 100 == 0:
            print(step, "pinball", round(loss.item(), 3))
        step += 1
    with torch.no_grad():
        q = net(X[2000:])
    median, truth = q[:, 1], y[2000:]
    print("inside the 80% band:", ((truth > q[:, 0]) & (truth < q[:, 2])).float().mean().item())
    print("mean absolute error of the median:", (median - truth).abs().mean().item())
