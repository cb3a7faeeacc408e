import sys
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X / 16.0, dtype=torch.float32)
y = torch.tensor((y == 0).astype("float32"))
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
train_dl = DataLoader(TensorDataset(X[:1300], y[:1300]), batch_size=32, shuffle=True)
X_val, y_val = X[1300:], y[1300:]

net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1), nn.Flatten(0))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(12):
    for xb, yb in train_dl:
        loss = loss_fn(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    p_val = torch.sigmoid(net(X_val))  # forgot net.eval(), whatever
print("accuracy", ((p_val > 0.5) == (y_val > 0.5)).float().mean().item())
print(p_val[:20])
