"""Self-supervised: two noisy views of a sensor frame shall get the same embedding, then the nearest centre decides.

Training loss is wonderful (-1.000), but every frame is 1.0000 like every centre.
"""
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
d = load_digits()
p = np.random.default_rng(seed).permutation(len(d.target))
frames = torch.tensor(d.data[p] / 16, dtype=torch.float32)
kind = d.target[p]
frames_tr, frames_te, kind_tr, kind_te = frames[:1200], frames[1200:], kind[:1200], kind[1200:]


def view(x):
    keep = (torch.rand_like(x) > 0.25).float()
    return x * keep + 0.1 * torch.randn_like(x)


class Encoder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, dim))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


def agreement(a, b):
    return -(a * b).sum(1).mean()


def uniformity(z, t=2.0):
    """push embeddings apart on the sphere"""
    return torch.pdist(z).pow(2).mul(-t).exp().mean().log()


LAMBDA = {"agree": 1.0, "uniform": 0.0}
enc = Encoder()
opt = torch.optim.Adam(enc.parameters(), lr=1e-2)
for epoch in range(40):
    for b in torch.randperm(1200).split(100):
        za, zb = enc(view(frames_tr[b])), enc(view(frames_tr[b]))
        loss = LAMBDA["agree"] * agreement(za, zb) + LAMBDA["uniform"] * (uniformity(za) + uniformity(zb)) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 8 == 0:
        print(epoch, "loss", round(loss.item(), 4))

with torch.no_grad():
    emb_tr, emb_te = enc(frames_tr), enc(frames_te)
centres = torch.stack([emb_tr[torch.tensor(kind_tr == k)].mean(0) for k in range(10)])
similarity = emb_te @ F.normalize(centres, dim=1).T
print(np.round(similarity[:3].numpy(), 4))
print("nearest centre right:", (similarity.argmax(1).numpy() == kind_te).mean())
