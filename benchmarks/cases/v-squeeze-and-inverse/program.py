"""Energy output of a power plant from four sensors. Training and scoring."""
import argparse
import io

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("seed", type=int, nargs="?", default=0)
SEED = parser.parse_args().seed
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def as_target(values):
    """float tensor of targets"""
    return torch.as_tensor(values, dtype=torch.float32)


def mse(pred, target):
    return torch.mean((pred - target) ** 2)


class Scaler:
    def fit(self, a):
        self.loc, self.scale = a.mean(0), a.std(0)
        return self

    def dump(self):
        f = io.BytesIO()
        np.savez(f, loc=self.loc, scale=self.scale)
        return f.getvalue()


# sensors: temperature in F, vacuum, pressure in hPa, humidity
n = 1500
sensors = np.column_stack([rng.normal(67, 13, n), rng.normal(54, 12, n), rng.normal(1013, 6, n), rng.normal(73, 14, n)])
z = (sensors - sensors.mean(0)) / sensors.std(0)
power = -1.2 * z[:, 0] - 0.6 * z[:, 1] + 0.4 * z[:, 2] * z[:, 3] + rng.normal(0, 0.3, n)
power = (power - power.mean()) / power.std()

scaler = Scaler().fit(sensors[:1200])
X = torch.as_tensor((sensors[:1200] - scaler.loc) / scaler.scale, dtype=torch.float32)
Y = as_target(power[:1200])
artefact = scaler.dump()

net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), 3e-3)
for epoch in range(25):
    for b in torch.randperm(1200).split(48):
        loss = mse(net(X[b]), Y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "mse", loss.item())


# ------------------------- service -------------------------
class Service:
    def __init__(self, network, blob):
        self.network = network.eval()
        saved = np.load(io.BytesIO(blob))
        self.loc, self.scale = saved["loc"], saved["scale"]

    @torch.no_grad()
    def __call__(self, rows):
        rows = np.asarray(rows) * self.scale + self.loc
        return self.network(torch.as_tensor(rows, dtype=torch.float32)).numpy()[:, 0]


service = Service(net, artefact)
forecast = service(sensors[1200:])
actual = power[1200:]
print("forecast", forecast[:8])
print("r2", 1 - ((forecast - actual) ** 2).mean() / actual.var())
