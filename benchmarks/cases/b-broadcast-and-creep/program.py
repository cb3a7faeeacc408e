import sys
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
x = torch.rand(1000, 8) * 2 - 1
y = x[:, 0] * 2 + x[:, 1] * x[:, 2] * 3 - x[:, 3] ** 2 + 0.05 * torch.randn(1000)
loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=20, shuffle=True)
net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-6)  # it was unstable before
for epoch in range(40):
    for xb, yb in loader:
        opt.zero_grad()
        loss = ((net(xb) - yb) ** 2).mean()
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print("loss", loss.item())
with torch.no_grad():
    pred = net(x[800:])[:, 0]
print(pred[:6], y[800:806])
