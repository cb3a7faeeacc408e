# Switched from Adam to an optimizer that takes a closure (wanted to compare). Since then the net does not learn.
import sys

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
digits = load_digits()
perm = np.random.RandomState(seed).permutation(len(digits.target))
imgs = torch.tensor(digits.images[perm] / 16.0, dtype=torch.float32)[:, None]
labels = torch.tensor(digits.target[perm])


class Cnn(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(2 * width * 4, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.fc(x.flatten(1))


class Fitter:
    def __init__(self, model, lr=0.05):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.ce = nn.CrossEntropyLoss()
        self.history = []

    def one_batch(self, x, y):
        def closure():
            self.opt.zero_grad()
            loss = self.ce(self.model(x), y)
            if self.opt.defaults.get("line_search_fn"):
                loss.backward()
            return loss

        loss = self.opt.step(closure)
        self.history.append(float(loss))

    def fit(self, x, y, epochs=6, bs=50):
        for ep in range(epochs):
            for i in range(0, len(x), bs):
                self.one_batch(x[i : i + bs], y[i : i + bs])
            print("epoch", ep, "loss", np.mean(self.history[-len(x) // bs :]))


net = Cnn()
Fitter(net).fit(imgs[:1300], labels[:1300])
with torch.no_grad():
    probs = net(imgs[1300:]).softmax(1).numpy()
truth = labels[1300:].numpy()
print("classes predicted:", np.bincount(probs.argmax(1), minlength=10), "acc", (probs.argmax(1) == truth).mean())
