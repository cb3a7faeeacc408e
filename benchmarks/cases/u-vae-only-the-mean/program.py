#!/usr/bin/env python
# beta-VAE on 8x8 digits. Based on the usual tutorial, with my own objective.
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int, nargs="?", default=0)
ap.add_argument("--beta", type=float, default=4.0)
ap.add_argument("--z", type=int, default=8)
ap.add_argument("--epochs", type=int, default=30)
opt = ap.parse_args()
torch.manual_seed(opt.seed)

X = torch.tensor(load_digits().data, dtype=torch.float32) / 16
X = X - X.mean(0)
X = X[torch.randperm(len(X))]
train_x, held_x = X[:1500], X[1500:]


class VAE(nn.Module):
    def __init__(self, z):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 128), nn.ReLU())
        self.mu, self.logvar = nn.Linear(128, z), nn.Linear(128, z)
        self.dec = nn.Sequential(nn.Linear(z, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar) if self.training else mu
        return self.dec(z), mu, logvar


def objective(rec, x, mu, logvar):
    rec_term = F.mse_loss(rec, x)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
    return rec_term + opt.beta * kl, rec_term, kl


vae = VAE(opt.z)
adam = torch.optim.Adam(vae.parameters(), lr=2e-3)
for epoch in range(opt.epochs):
    vae.train()
    for xb in train_x[torch.randperm(1500)].split(50):
        rec, mu, logvar = vae(xb)
        loss, rec_term, kl = objective(rec, xb, mu, logvar)
        adam.zero_grad()
        loss.backward()
        adam.step()
    if (epoch + 1) % 5 == 0:
        print(f"epoch {epoch + 1:3d}  rec {rec_term.item():.4f}  kl {kl.item():.5f}")

vae.eval()
with torch.no_grad():
    reconstruction, _, _ = vae(held_x)
print("reconstruction error", F.mse_loss(reconstruction, held_x).item(), "variance of the images", held_x.var().item())
print("are the reconstructions different?", reconstruction.std(0).max().item())
