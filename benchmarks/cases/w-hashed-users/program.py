"""Click prediction from hashed ids (hashing trick, 512 buckets). AUC never leaves 0.5 for new impressions."""
import hashlib
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
BUCKETS = 512


def bucket(field, value):
    return int(hashlib.md5(f"{field}={value}".encode()).hexdigest(), 16) % BUCKETS


def log_lines(n):
    """session id and request id are new each time; the slot says where on the page the ad was"""
    for _ in range(n):
        yield {
            "session": int(rng.integers(1 << 40)),
            "request": int(rng.integers(1 << 40)),
            "slot": int(rng.integers(3)),
            "click": int(rng.random() < 0.3),
        }


lines = list(log_lines(2500))
ids = torch.tensor([[bucket(k, r[k]) for k in ("session", "request", "slot")] for r in lines])
clicks = torch.tensor([r["click"] for r in lines], dtype=torch.float32)
tr, te = slice(0, 1800), slice(1800, None)


class HashedMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(BUCKETS, 8)
        self.mlp = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))

    def forward(self, idx):
        return self.mlp(self.emb(idx).flatten(1)).squeeze(1)


model = HashedMlp()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
bce = nn.BCEWithLogitsLoss()
for epoch in range(6):
    model.train()
    order = torch.randperm(1800)
    for i in range(0, 1800, 60):
        b = order[i : i + 60]
        loss = bce(model(ids[tr][b]), clicks[tr][b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "train loss", round(loss.item(), 3))

model.eval()
with torch.no_grad():
    ctr = torch.sigmoid(model(ids[te])).numpy()
clicked = clicks[te].numpy()
print("mean predicted ctr %.3f, observed %.3f, predicted clicks: %d" % (ctr.mean(), clicked.mean(), (ctr > 0.5).sum()))
