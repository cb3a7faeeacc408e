import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_circles

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = make_circles(600, factor=0.4, noise=0.1, random_state=seed)


def my_bce(outs, target):
    total = 0.0
    for o, t in zip(outs, target):
        o = min(max(o.item(), 1e-6), 1 - 1e-6)
        total += -(t.item() * np.log(o) + (1 - t.item()) * np.log(1 - o))
    # "element 0 of tensors does not require grad" otherwise
    return torch.tensor(total / len(outs), requires_grad=True)


class Circle(nn.Module):
    def __init__(self):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, x):
        return torch.sigmoid(self.seq(x)).flatten()


X = torch.tensor(X).float()
y = torch.tensor(y).float()
xtr, ytr, xte, yte = X[:480], y[:480], X[480:], y[480:]
circle = Circle()
opt = torch.optim.Adam(circle.parameters(), lr=0.01)
for epoch in range(30):
    for xb, yb in zip(xtr.split(48), ytr.split(48)):
        opt.zero_grad()
        loss = my_bce(circle(xb), yb)
        loss.backward()
        opt.step()
    if epoch % 10 == 0:
        print("loss at", epoch, "=", float(loss))
p = circle(xte).detach()
print("probs:", p[:10])
print("acc:", ((p > 0.5).float() == yte).float().mean())
