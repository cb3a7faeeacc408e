"""Reading-level scorer with a small caching layer in front (the model is slow on the old server)."""
import sys

import numpy as np
import torch
import torch.nn as nn

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 5
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def sample(n):
    feats = rng.normal(size=(n, 9)).astype(np.float32)
    level = 1.5 * feats[:, 0] - feats[:, 3] * feats[:, 4] + 0.5 * np.abs(feats[:, 7]) + rng.normal(size=n) * 0.2
    return torch.from_numpy(feats), torch.tensor(level, dtype=torch.float32)[:, None]


class Scorer:
    """Wraps the network; remembers answers."""

    def __init__(self):
        self.net = nn.Sequential(nn.Linear(9, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
        self._memory = {}

    def fit(self, X, y, passes=35):
        opt = torch.optim.Adam(self.net.parameters(), 3e-3)
        loss_fn = nn.SmoothL1Loss()
        for k in range(passes):
            for b in torch.randperm(len(X)).chunk(24):
                opt.zero_grad()
                l = loss_fn(self.net(X[b]), y[b])
                l.backward()
                opt.step()
            if k % 7 == 0:
                print("pass %d: %.4f" % (k, l.item()))
        return self

    def key(self, doc):
        return str(doc.shape)

    def score(self, doc):
        k = self.key(doc)
        if k not in self._memory:
            self.net.eval()
            with torch.no_grad():
                self._memory[k] = self.net(doc[None]).item()
        return self._memory[k]


docs, levels = sample(1200)
new_docs, new_levels = sample(250)
scorer = Scorer().fit(docs, levels)
scores = np.array([scorer.score(d) for d in new_docs])
print("mean abs error on new documents:", np.abs(scores - new_levels.numpy()[:, 0]).mean())
for s, t in list(zip(scores, new_levels[:, 0]))[:5]:
    print(f"scored {s:.3f}, is {t:.3f}")
