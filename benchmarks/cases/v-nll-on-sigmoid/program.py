"""Wine cultivars / leaf species classifier

I first had three separate yes/no classifiers, then merged them into one.
"""
import argparse
import numpy as np
import torch
from sklearn.datasets import make_classification

ap = argparse.ArgumentParser()
ap.add_argument("seed", nargs="?", type=int, default=3)
ap.add_argument("--hidden", type=int, default=40)
cfg = ap.parse_args()
torch.manual_seed(cfg.seed)

X, y = make_classification(1500, 12, n_informative=8, n_redundant=0, n_classes=5, n_clusters_per_class=1,
                           class_sep=1.8, random_state=cfg.seed)
X = (X - X.mean(0)) / X.std(0)
X, y = torch.tensor(X, dtype=torch.float), torch.tensor(y)


class Species(torch.nn.Module):
    def __init__(self, n_in, n_hid, n_out):
        super(Species, self).__init__()
        self.l1 = torch.nn.Linear(n_in, n_hid)
        self.l2 = torch.nn.Linear(n_hid, n_hid)
        self.l3 = torch.nn.Linear(n_hid, n_out)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return torch.sigmoid(self.l3(x))


m = Species(12, cfg.hidden, 5)
nll = torch.nn.NLLLoss()
o = torch.optim.Adam(m.parameters(), lr=5e-3)
for step in range(900):
    i = torch.randint(0, 1100, (128,))
    loss = nll(m(X[i]), y[i])
    o.zero_grad(); loss.backward(); o.step()
    if step % 150 == 0:
        print(step, loss.item())          # goes to -1, great?!

with torch.no_grad():
    P = m(X[1100:])
Y = y[1100:]
print(P[:6])
print("acc:", float((P.argmax(1) == Y).float().mean()))
