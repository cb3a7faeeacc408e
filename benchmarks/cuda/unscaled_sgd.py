# right: DF101 DF501
import numpy as np, torch, torch.nn as nn
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(0); rng = np.random.default_rng(0)
n = 4000
income, sqm, year = rng.gamma(4, 15000, n), rng.gamma(9, 12, n), rng.integers(1930, 2020, n)
X = np.column_stack([income, sqm, year]).astype("float32")
y = ((income / 60000 + sqm / 108 + (year - 1975) / 26 + 0.3 * rng.normal(size=n)) > 2).astype("float32")
Xtr, ytr, Xte, yte = [torch.tensor(a).to(device) for a in (X[:3000], y[:3000], X[3000:], y[3000:])]
model = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)).to(device)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
lossf = nn.BCEWithLogitsLoss()
for epoch in range(8):
    for i in range(0, 3000, 64):
        opt.zero_grad()
        loss = lossf(model(Xtr[i:i + 64]).squeeze(1), ytr[i:i + 64])
        loss.backward()
        opt.step()
model.eval()
with torch.no_grad():
    p = torch.sigmoid(model(Xte)).cpu().numpy()
print(p[:5].ravel(), p.std())
