import sys
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
X = X / X.max()
np.random.shuffle(X)  # remove the order of the file
X_tr, X_te = torch.tensor(X[:1400]).float(), torch.tensor(X[1400:]).float()
y_tr, y_te = torch.tensor(y[:1400]), torch.tensor(y[1400:])
net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
opt = torch.optim.Adam(net.parameters())
for epoch in range(10):
    for i in range(0, 1400, 28):
        loss = nn.CrossEntropyLoss()(net(X_tr[i : i + 28]), y_tr[i : i + 28])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    probs = net(X_te).softmax(1)
print("test accuracy", (probs.argmax(1) == y_te).float().mean().item())
