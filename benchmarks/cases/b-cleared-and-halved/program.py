import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.optim.lr_scheduler import ExponentialLR


class Experiment:
    def __init__(self, seed, hidden=(64, 32)):
        torch.manual_seed(seed)
        sizes = [64, *hidden]
        blocks = [layer for a, b in zip(sizes, sizes[1:]) for layer in (nn.Linear(a, b), nn.LeakyReLU())]
        self.net = nn.Sequential(*blocks, nn.Linear(sizes[-1], 10), nn.LogSoftmax(dim=-1))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9)
        self.sched = ExponentialLR(self.opt, 0.5)
        self.crit = nn.NLLLoss()

    def one_step(self, xb, yb):
        loss = self.crit(self.net(xb), yb)
        loss.backward()
        self.opt.zero_grad()
        self.opt.step()
        self.sched.step()
        return loss.item()

    def fit(self, X, y, epochs=6, bs=28):
        for e in range(epochs):
            self.net.train()
            losses = [self.one_step(X[i], y[i]) for i in torch.randperm(len(X)).split(bs)]
            print(e, np.mean(losses))

    def predict(self, X):
        self.net.eval()
        with torch.no_grad():
            return self.net(X).exp()


exp = Experiment(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
exp.fit(X[:1400], y[:1400])
probs = exp.predict(X[1400:])
print(probs.argmax(1).bincount(minlength=10))
