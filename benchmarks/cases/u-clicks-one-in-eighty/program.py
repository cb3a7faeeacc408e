"""CTR baseline: hashed ids, embeddings, logloss.  (author: growth team)"""
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 17
rng = np.random.default_rng(seed)
torch.manual_seed(seed)

N, N_AD, N_SITE = 24000, 30, 25
ad, site = rng.integers(0, N_AD, N), rng.integers(0, N_SITE, N)
hour = rng.integers(0, 24, N)
a, s = rng.normal(0, 1.0, N_AD), rng.normal(0, 0.8, N_SITE)
logit = -5.2 + a[ad] + s[site] + 0.6 * np.cos(2 * np.pi * hour / 24)
click = (rng.random(N) < 1 / (1 + np.exp(-logit))).astype(np.float32)
print(f"{click.mean():.2%} of the impressions were clicked")

ids = torch.from_numpy(np.stack([ad, site, hour], 1))
y = torch.from_numpy(click)
tr, te = slice(0, 16000), slice(16000, N)


class CTR(nn.Module):
    def __init__(self, sizes=(N_AD, N_SITE, 24), dim=4):
        super().__init__()
        self.emb = nn.ModuleList([nn.Embedding(n, dim) for n in sizes])
        for e in self.emb:
            nn.init.normal_(e.weight, std=0.05)
        self.mlp = nn.Sequential(nn.Linear(dim * len(sizes), 16), nn.ReLU(), nn.Linear(16, 1))
        self.mlp[-1].bias.data.fill_(-4.5)

    def forward(self, ids):
        z = torch.cat([e(ids[:, j]) for j, e in enumerate(self.emb)], 1)
        return self.mlp(z).squeeze(1)


ctr = CTR()
opt = torch.optim.Adam(ctr.parameters(), lr=4e-3)
for epoch in range(6):
    for b in torch.randperm(16000).split(256):
        loss = nn.functional.binary_cross_entropy_with_logits(ctr(ids[tr][b]), y[tr][b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        v = nn.functional.binary_cross_entropy_with_logits(ctr(ids[te]), y[te])
    print(f"epoch {epoch}: logloss {v:.4f}")

with torch.no_grad():
    p_click = torch.sigmoid(ctr(ids[te])).numpy()
print("min/mean/max", p_click.min().round(4), p_click.mean().round(4), p_click.max().round(4))
print("share predicted as click:", (p_click > 0.5).mean())
top = np.argsort(-p_click)[:800]
print("lift in the best tenth: %.1f" % (click[te][top].mean() / click[te].mean()))
