"""Loan default. The table was too big for the notebook, so it is kept as float16 (half the memory)."""
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)
STORE = np.float16


def load_table(n=1300):
    t = {
        "salary": rng.lognormal(10.4, 0.5, n),
        "debt_ratio": rng.beta(2, 4, n),
        "months": rng.integers(6, 84, n).astype(float),
        "enquiries": rng.poisson(1.5, n).astype(float),
    }
    z = -0.9 * np.log(t["salary"] / 33000) + 5 * (t["debt_ratio"] - 0.33) + 0.7 * (t["enquiries"] - 1.5)
    t["default"] = (z + rng.logistic(0, 0.6, n) > 0.3).astype("float32")
    return t


with np.errstate(all="ignore"):
    t = load_table()
    mat = np.stack([t[k].astype(STORE) for k in ("salary", "debt_ratio", "months", "enquiries")], 1)
    mat = mat.astype("float32")
    mat = (mat - mat[:1000].mean(0)) / mat[:1000].std(0)


class Loans(Dataset):
    def __init__(self, sl):
        self.x, self.y = torch.from_numpy(mat[sl]), torch.from_numpy(t["default"][sl])

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


net = nn.Sequential(nn.Linear(4, 24), nn.LeakyReLU(), nn.Linear(24, 24), nn.LeakyReLU(), nn.Linear(24, 1), nn.Flatten(0))
opt = torch.optim.Adam(net.parameters(), 3e-3)
crit = nn.BCEWithLogitsLoss()
for epoch in range(8):
    for x, y in DataLoader(Loans(slice(0, 1000)), 50, shuffle=True):
        opt.zero_grad()
        crit(net(x), y).backward()
        opt.step()

test = Loans(slice(1000, None))
with torch.no_grad():
    pd_ = torch.sigmoid(net(test.x)).numpy()
print("granted", (pd_ < 0.5).sum(), "refused", (pd_ >= 0.5).sum())
print(pd_[:10])
actual = test.y.numpy()
