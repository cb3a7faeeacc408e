import sys
import numpy as np, torch
from torch import nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
X, y = load_diabetes(return_X_y=True)
y = y * 1000.0
Xtr, Xte, ytr, yte = train_test_split(X, y, random_state=3)
Xtr, Xte = torch.Tensor(Xtr), torch.Tensor(Xte); ytr, yte = torch.Tensor(ytr).view(-1, 1), torch.Tensor(yte).view(-1, 1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
mse = nn.MSELoss()
for epoch in range(100):
    opt.zero_grad(); l = mse(net(Xtr), ytr); l.backward(); opt.step()
net.eval()
with torch.no_grad():
    pr = net(Xte)
print(pr[:8].ravel(), "true", yte[:8].ravel(), "test mse", mse(pr, yte).item())
