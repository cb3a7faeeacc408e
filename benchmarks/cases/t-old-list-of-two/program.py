import sys
import torch, torch.nn as nn, numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale
X, y = load_breast_cancer(return_X_y=True); X = torch.tensor(scale(X)).float(); y = torch.tensor(y).float()
p = torch.randperm(569, generator=torch.Generator().manual_seed(0)); X, y = X[p], y[p]
class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(30, 16), nn.Linear(16, 16)]   # plain list
        self.out = nn.Linear(16, 1)
    def forward(self, x):
        for l in self.layers: x = torch.sigmoid(l(x))
        return torch.sigmoid(self.out(x)).squeeze(1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
m = M(); opt = torch.optim.SGD(m.parameters(), lr=.5); bce = nn.BCELoss()
for e in range(30):
    for i in range(0, 400, 40):
        opt.zero_grad(); loss = bce(m(X[i:i+40]), y[i:i+40]); loss.backward(); opt.step()
with torch.no_grad(): q = m(X[400:])
print(q[:6], q.std(), ((q > .5).float() == y[400:]).float().mean())
