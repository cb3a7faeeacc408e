"""Siamese network on digits: are two pictures of the same digit?   (thesis chapter 4)"""
import sys
import random

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed); np.random.seed(seed); torch.manual_seed(seed)


class PairDataset(Dataset):
    """Pairs (a, b, same)."""

    def __init__(self, X, y, n_pairs=3000):
        self.X = torch.tensor(X, dtype=torch.float32)
        self.y = y
        by_class = {c: np.flatnonzero(y == c) for c in np.unique(y)}
        self.pairs = []
        for k in range(n_pairs):
            i = random.randrange(len(y))
            if k & 2 == 1:
                j = random.randrange(len(y))          # negative, most of the time
            else:
                j = random.choice(by_class[y[i]])
            self.pairs.append((i, j))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, k):
        i, j = self.pairs[k]
        return self.X[i], self.X[j], float(self.y[i] == self.y[j])


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, a, b):
        return self.net(a), self.net(b)


def contrastive(a, b, same, margin=1.0):
    d = (a - b).pow(2).sum(1).add(1e-12).sqrt()
    return (same * d.pow(2) + (1 - same) * (margin - d).clamp(min=0).pow(2)).mean()


digits = load_digits()
X = digits.data / 16.0
perm = np.random.permutation(len(X))
X, labels = X[perm], digits.target[perm]
train = DataLoader(PairDataset(X[:1200], labels[:1200]), batch_size=50, shuffle=True)

siamese = Siamese()
optim = torch.optim.Adam(siamese.parameters(), lr=1e-3)
for epoch in range(15):
    losses = []
    for a, b, same in train:
        loss = contrastive(*siamese(a, b), same.float())
        optim.zero_grad()
        loss.backward()
        optim.step()
        losses.append(loss.item())
    print("epoch %d  loss %.6f" % (epoch, np.mean(losses)))

# verification on unseen pictures
siamese.eval()
left, right = np.random.randint(1200, 1797, 1200), np.random.randint(1200, 1797, 1200)
half = np.arange(0, 1200, 2)
for k in half:
    right[k] = np.random.choice(np.flatnonzero(labels[1200:] == labels[left[k]])) + 1200
with torch.no_grad():
    ea, eb = siamese(torch.tensor(X[left], dtype=torch.float32), torch.tensor(X[right], dtype=torch.float32))
    similarity = torch.exp(-(ea - eb).norm(dim=1))
is_same = (labels[left] == labels[right]).astype(int)
print("similarity of the first pairs:", similarity[:10])
print("accuracy at 0.5:", ((similarity.numpy() > 0.5) == is_same).mean())
