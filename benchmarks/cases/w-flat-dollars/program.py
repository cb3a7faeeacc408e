# Asking prices of houses in dollars. Predictions are all the same number :(
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

p = argparse.ArgumentParser()
p.add_argument("seed", nargs="?", type=int, default=0)
args = p.parse_args()
np.random.seed(args.seed)
torch.manual_seed(args.seed)

PRICE_UNIT = 1.0  # dollars

n = 900
sqft = np.random.normal(1900, 500, n).clip(500)
beds = np.random.randint(1, 6, n)
age = np.random.gamma(2, 15, n)
dist = np.random.exponential(8, n)
price = 60000 + 140 * sqft + 9000 * beds - 700 * age - 4000 * np.sqrt(dist) + np.random.normal(0, 15000, n)

feats = np.stack([sqft, beds, age, dist], 1)
feats = (feats - feats.mean(0)) / feats.std(0)
price = (price - price.mean() * (PRICE_UNIT != 1.0)) / PRICE_UNIT

xt = torch.tensor(feats, dtype=torch.float32)
yt = torch.tensor(price, dtype=torch.float32)
train_dl = DataLoader(TensorDataset(xt[:700], yt[:700]), batch_size=50, shuffle=True)


class HousePriceNet(nn.Module):
    def __init__(self, in_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(in_dim, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.body(x))


model = HousePriceNet(4)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.MSELoss()

for epoch in range(40):
    tot = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        out = model(xb)
        loss = criterion(out, yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(xb)
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: mse {tot / 700:.4g}")

model.eval()
with torch.no_grad():
    pred_price = model(xt[700:]).numpy().ravel()
true_price = price[700:]
for a, b in list(zip(pred_price, true_price))[:10]:
    print(f"predicted {a:12.2f}   asked {b:12.2f}")
