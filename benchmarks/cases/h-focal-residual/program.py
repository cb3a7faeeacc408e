import sys
import torch
from torch import nn
from sklearn.datasets import make_multilabel_classification
X, Y = make_multilabel_classification(1200, 20, n_classes=5, random_state=0)
X = torch.tensor(X / X.max(), dtype=torch.float32); Y = torch.tensor(Y, dtype=torch.float32)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
class Block(nn.Module):
    def __init__(s, d): super().__init__(); s.n = nn.LayerNorm(d); s.f = nn.Sequential(nn.Linear(d, 2*d), nn.GELU(), nn.Linear(2*d, d))
    def forward(s, x): return x + s.f(s.n(x))
net = nn.Sequential(nn.Linear(20, 32), Block(32), Block(32), nn.Linear(32, 5))
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3); sch = torch.optim.lr_scheduler.OneCycleLR(opt, 3e-3, total_steps=150)
def focal(z, t):
    p = torch.sigmoid(z); pt = p * t + (1 - p) * (1 - t)
    return -((1 - pt) ** 2 * torch.log(pt + 1e-8)).mean()
for e in range(10):
    for i in range(0, 900, 60):
        opt.zero_grad(); l = focal(net(X[i:i+60]), Y[i:i+60]); l.backward(); opt.step(); sch.step()
net.eval()
with torch.no_grad(): p = net(X[900:]).sigmoid()
print(((p > .5).float() == Y[900:]).float().mean())
