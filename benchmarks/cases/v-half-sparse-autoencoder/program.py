"""Sparse autoencoder for digits, in half precision to save memory."""
import argparse
import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int, nargs="?", default=0)
ap.add_argument("--code", type=int, default=32)
ap.add_argument("--sparsity", type=float, default=1.0)
ap.add_argument("--precision", default="half")
args = ap.parse_args()
torch.manual_seed(args.seed)
dtype = torch.half if args.precision == "half" else torch.float


class AutoEncoder(nn.Module):
    def __init__(self, n_in, n_code):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, n_code), nn.ReLU())
        self.dec = nn.Sequential(nn.Linear(n_code, 64), nn.ReLU(), nn.Linear(64, n_in))

    def forward(self, x):
        code = self.enc(x)
        return self.dec(code), code


X = torch.tensor(load_digits().data / 16.0, dtype=dtype)
X = X[torch.randperm(len(X))]
train, test = X[:1400], X[1400:]
ae = AutoEncoder(64, args.code).to(dtype)
opt = torch.optim.Adam(ae.parameters(), lr=2e-3)
start = time.time()
for epoch in range(30):
    for b in torch.randperm(1400).split(50):
        recon, code = ae(train[b])
        loss = ((recon - train[b]) ** 2).mean() + args.sparsity * code.abs().sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print(epoch, loss.item(), f"{time.time() - start:.1f}s")

ae.eval()
with torch.no_grad():
    restored, _ = ae(test)
mean_picture = train.float().mean(0)
error = ((restored.float() - test.float()) ** 2).mean()
print("test error", error.item(), "error of the mean picture", ((test.float() - mean_picture) ** 2).mean().item())
