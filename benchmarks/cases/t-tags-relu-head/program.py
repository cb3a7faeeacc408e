"""music tagging with precomputed features"""
import sys
import numpy as np
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.relu = nn.ReLU()

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = self.relu(layer(x))
        return x


def dataset(seed):
    g = np.random.default_rng(seed)
    X = g.normal(size=(1500, 30)).astype("float32")
    W = g.normal(size=(30, 6))
    s = X @ W / 5
    Y = (s > np.quantile(s, 0.85, axis=0)).astype("float32")
    return torch.from_numpy(X), torch.from_numpy(Y)


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, Y = dataset(seed)
model = Tagger([30, 64, 32, 6])
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(25):
    for idx in torch.randperm(1200).split(40):
        loss = loss_fn(model(X[idx]), Y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 0:
        print("epoch", epoch, "loss", loss.item())
model.eval()
with torch.no_grad():
    probs = torch.sigmoid(model(X[1200:]))
print(probs[:4])
