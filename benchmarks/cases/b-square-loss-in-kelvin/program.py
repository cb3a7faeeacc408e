import argparse
import numpy as np
import torch
import torch.nn as nn

p = argparse.ArgumentParser(description="melting behaviour of alloys")
p.add_argument("seed", type=int, nargs="?", default=0)
p.add_argument("--lr", type=float, default=5e-3)
opts = p.parse_args()
torch.manual_seed(opts.seed)
np.random.seed(opts.seed)

n = 1200
kelvin = np.random.normal(1450, 40, n)
pascal = np.random.normal(101300, 500, n)
ppm = np.random.normal(900, 60, n)
hardness = (kelvin - 1450) / 40 - 0.7 * (ppm - 900) / 60 + 0.2 * np.random.randn(n)
X = torch.tensor(np.c_[kelvin, pascal, ppm], dtype=torch.float32)
y = torch.tensor(hardness, dtype=torch.float32)
model = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=opts.lr)
for epoch in range(25):
    for b in torch.randperm(1000).split(50):
        residual = model(X[b]) - y[b]
        loss = residual.pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{epoch:2d} {loss.item():.3f}")
with torch.no_grad():
    y_hat = model(X[1000:]).numpy()
y_true = hardness[1000:]
print(y_hat[:10].ravel(), y_true[:10])
