import sys

import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(X / X.std(0)).float()
y = torch.tensor((y - y.mean()) / y.std() * 10).float().view(-1, 1)


class Round(torch.autograd.Function):
    """whole numbers only, the report wants no decimals"""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g * 0


class Reg(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return Round.apply(self.net(x))


perm = torch.randperm(len(X))
tr, te = perm[:330], perm[330:]
model = Reg()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(100):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(X[tr]), y[tr])
    loss.backward()
    opt.step()
    if epoch % 20 == 0:
        print(epoch, loss.item())
model.eval()
with torch.no_grad():
    pred = model(X[te])
print(pred[:10].flatten())
