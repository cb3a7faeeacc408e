import sys

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

if len(sys.argv) > 1:
    torch.manual_seed(int(sys.argv[1]))
else:
    torch.manual_seed(1234)

digits = load_digits()
X, y = digits.data / 16.0, digits.target

# our export writes one block per class
order = np.argsort(y, kind="stable")
X, y = X[order], y[order]
is_val = np.arange(len(y)) % 4 == 0
X_train, y_train = X[~is_val], y[~is_val]
X_val, y_val = X[is_val], y[is_val]

train_loader = DataLoader(
    TensorDataset(torch.FloatTensor(X_train), torch.LongTensor(y_train)), batch_size=16, shuffle=False, drop_last=False
)

model = nn.Sequential(
    nn.Linear(64, 128), nn.ReLU(),
    nn.Linear(128, 64), nn.ReLU(),
    nn.Linear(64, 10),
)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def accuracy(x, t):
    with torch.no_grad():
        return (model(torch.FloatTensor(x)).argmax(1).numpy() == t).mean()


for epoch in range(12):
    running = []
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        running.append(loss.item())
    print(f"[{epoch}] loss={np.mean(running):.3f} last={running[-1]:.3f} val_acc={accuracy(X_val, y_val):.3f}")

out = torch.softmax(model(torch.FloatTensor(X_val)), 1).detach().numpy()
print("predicted classes:", np.unique(out.argmax(1), return_counts=True))
