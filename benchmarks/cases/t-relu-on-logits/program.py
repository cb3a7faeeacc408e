import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
torch.manual_seed(seed)


class PopulationNet(nn.Module):
    def __init__(self, n_in, hidden=40):
        super(PopulationNet, self).__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        nn.init.constant_(self.out.bias, -0.8)  # most cells are empty, start low

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return F.relu(self.out(x))  # counts are >= 0


X = np.random.randn(1000, 6)
rate = np.exp(0.6 * X[:, 0] - 0.4 * X[:, 1] + 0.3 * X[:, 2] * X[:, 3] - 1)
y = np.random.poisson(rate * 20) / 20
Xtr, Xte = torch.tensor(X[:800]).float(), torch.tensor(X[800:]).float()
ytr, yte = torch.tensor(y[:800]).float()[:, None], torch.tensor(y[800:]).float()[:, None]

model = PopulationNet(6)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(60):
    model.train()
    for i in range(0, 800, 64):
        pred = model(Xtr[i : i + 64])
        loss = F.mse_loss(pred, ytr[i : i + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print("epoch", epoch, "loss", loss.item())
model.eval()
with torch.no_grad():
    pred = model(Xte)
print("sum predicted", pred.sum().item(), "sum true", yte.sum().item())
