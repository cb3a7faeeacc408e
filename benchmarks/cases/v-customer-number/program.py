# churn model v3 - kaggle style
import sys
import numpy as np
import pandas as pd
import torch
from torch import nn, optim

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 7
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

# ---- "read" the data -----------------------------------------------------
n = 1600
df = pd.DataFrame({
    "customer_no": 90210000 + rng.permutation(n),
    "tenure": rng.integers(1, 72, n),
    "monthly": rng.normal(70, 25, n),
    "calls": rng.poisson(2, n),
    "contract": rng.choice(["month", "year", "two"], n),
})
risk = 1.2 * (df.contract == "month") - 0.05 * df.tenure + 0.03 * df.monthly + 0.6 * df.calls - 2.0
df["churn"] = (rng.random(n) < 1 / (1 + np.exp(-1.5 * risk))).astype(int)

# ---- features ------------------------------------------------------------
num = ["tenure", "monthly", "calls"]
for c in num:
    df[c] = (df[c] - df[c].mean()) / df[c].std()
df = pd.get_dummies(df, columns=["contract"], dtype=float)
target = df.pop("churn")
drop_cols = []
X = df.drop(columns=drop_cols).to_numpy(dtype=np.float32)
y = target.to_numpy(dtype=np.float32)

cut = int(.8 * n)
Xtr, ytr = torch.from_numpy(X[:cut]), torch.from_numpy(y[:cut])
Xva, yva = torch.from_numpy(X[cut:]), torch.from_numpy(y[cut:])

model = nn.Sequential(nn.Linear(X.shape[1], 48), nn.Tanh(), nn.Linear(48, 24), nn.Tanh(), nn.Linear(24, 1))
loss_fn = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)

for ep in range(40):
    perm = torch.randperm(cut)
    for k in range(0, cut, 64):
        b = perm[k:k + 64]
        optimizer.zero_grad()
        l = loss_fn(model(Xtr[b]).squeeze(1), ytr[b])
        l.backward()
        optimizer.step()
    if ep % 10 == 9:
        print(ep, float(l))

model.eval()
with torch.no_grad():
    prob = torch.sigmoid(model(Xva)).squeeze(1)
print(prob[:10])
print("acc", ((prob > .5).float() == yva).float().mean())
