import sys
import numpy as np
import torch
from sklearn.datasets import load_wine

rs = np.random.RandomState(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, Y = load_wine(return_X_y=True)
p = rs.permutation(len(Y))
X, Y = X[p], Y[p]
X = (X - X[:130].mean(0)) / X[:130].std(0)
lin = torch.nn.Linear(13, 3)
torch.nn.init.zeros_(lin.weight)
torch.nn.init.zeros_(lin.bias)
opt = torch.optim.LBFGS(lin.parameters(), lr=0.3, max_iter=15)
x, t = torch.tensor(X[:130]).float(), torch.tensor(Y[:130])


def closure():
    opt.zero_grad()
    loss = torch.nn.functional.cross_entropy(lin(x), t) + 0.01 * (lin.weight**2).sum()
    loss.backward()
    return loss


for it in range(8):
    print(it, opt.step(closure).item())
with torch.no_grad():
    probs = lin(torch.tensor(X[130:]).float()).softmax(dim=1)
print(probs[:3])
