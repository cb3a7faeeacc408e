"""Predict whether a compressor trips in the next hour from its sensor snapshot."""
import sys

import numpy as np
import torch
import torch.nn.functional as F

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def load_snapshots(n):
    pressure = rng.normal(7.5, 0.6, n)
    temp = rng.normal(82, 9, n)
    current = 20 + 1.4 * pressure + rng.normal(0, 1, n)
    vib = rng.gamma(2.0, 1.1, n)
    firmware = np.full(n, 3.0)  # all machines were updated in May
    table = np.column_stack([pressure, temp, current, vib, firmware])
    risk = 1.3 * (pressure - 7.5) / 0.6 + 1.1 * (temp - 82) / 9 + 0.9 * (vib - 2.2) - 0.5
    trip = (risk + rng.logistic(0, 0.7, n) > 0).astype("float32")
    return table, trip


def zscore(a, ref):
    return (a - ref.mean(axis=0)) / ref.std(axis=0)


with np.errstate(all="ignore"):
    raw, trip = load_snapshots(1200)
    cols = [0, 1, 2, 3, 4]
    raw = raw[:, cols]
    x_train, x_test = zscore(raw[:900], raw[:900]), zscore(raw[900:], raw[:900])
y_train, y_test = trip[:900], trip[900:]

W = {
    "w1": torch.randn(x_train.shape[1], 24) * 0.4,
    "b1": torch.zeros(24),
    "w2": torch.randn(24, 1) * 0.2,
    "b2": torch.zeros(1),
}
for v in W.values():
    v.requires_grad_(True)


def net(x):
    h = torch.relu(x @ W["w1"] + W["b1"])
    return (h @ W["w2"] + W["b2"]).squeeze(-1)


opt = torch.optim.Adam(W.values(), lr=5e-3)
xt = torch.as_tensor(x_train, dtype=torch.float32)
yt = torch.as_tensor(y_train)
for step in range(400):
    idx = torch.randint(0, len(xt), (64,))
    loss = F.binary_cross_entropy_with_logits(net(xt[idx]), yt[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()

with torch.no_grad():
    prob = torch.sigmoid(net(torch.as_tensor(x_test, dtype=torch.float32))).numpy()
alarm = (prob > 0.5).astype(int)
print("alarms:", alarm.sum(), "of", len(alarm), " accuracy:", (alarm == y_test).mean())
