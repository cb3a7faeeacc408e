import sys
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from torch.utils.data import TensorDataset, DataLoader, random_split
X, y = load_breast_cancer(return_X_y=True)
ds = TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
tr, te = random_split(ds, [450, 119])
class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn0 = nn.BatchNorm1d(30, momentum=0.0005)
        self.a = nn.Linear(30, 32); self.b = nn.Linear(32, 2)
    def forward(self, x): return self.b(F.relu(self.a(self.bn0(x))))
net = N(); opt = torch.optim.Adam(net.parameters(), 1e-3)
for ep in range(12):
    net.train()
    for xb, yb in DataLoader(tr, 32, shuffle=True, drop_last=True):
        loss = F.cross_entropy(net(xb), yb); opt.zero_grad(); loss.backward(); opt.step()
    net.eval()
    with torch.no_grad():
        ok = sum((net(xb).argmax(1) == yb).sum().item() for xb, yb in DataLoader(te, 64))
    print(ep, loss.item(), ok / 119)
with torch.no_grad():
    print(torch.cat([net(xb).softmax(1) for xb, _ in DataLoader(te, 64)])[:8])
