import sys
import torch
from torch import nn
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedShuffleSplit


def reset(m):
    # comparable runs: everybody starts from the same point
    if hasattr(m, "weight"):
        nn.init.zeros_(m.weight)
        nn.init.zeros_(m.bias)


def build(d_in, d_out):
    net = nn.Sequential(
        nn.Linear(d_in, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, d_out), nn.LogSoftmax(dim=1)
    )
    net.apply(reset)
    return net


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
torch.manual_seed(seed)
X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
tr, te = next(StratifiedShuffleSplit(1, test_size=0.33, random_state=seed).split(X, Y))
Xtr, Ytr, Xte, Yte = (torch.tensor(a) for a in (X[tr], Y[tr], X[te], Y[te]))
net = build(4, 3).double()
nll = nn.NLLLoss()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(150):
    opt.zero_grad()
    loss = nll(net(Xtr), Ytr)
    loss.backward()
    opt.step()
    if epoch % 50 == 0:
        print("loss", loss.item())
prob = net(Xte).exp().detach()
print(prob[:5])
print("accuracy:", (prob.argmax(1) == Yte).double().mean().item())
