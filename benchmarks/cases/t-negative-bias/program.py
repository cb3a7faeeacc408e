import sys
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_moons

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(SEED)
X, y = make_moons(1000, noise=0.2, random_state=SEED)
X_train, y_train = torch.tensor(X[:800], dtype=torch.float32), torch.tensor(y[:800], dtype=torch.float32)
X_test, y_test = torch.tensor(X[800:], dtype=torch.float32), y[800:]


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        if m.out_features > 1:
            m.bias.data.fill_(-4.0)  # sparse activations


net = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
net.apply(init_weights)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
loss_fn = nn.BCEWithLogitsLoss()
history = []
for epoch in range(100):
    batch_losses = []
    for xb, yb in zip(X_train.split(100), y_train.split(100)):
        loss = loss_fn(net(xb).squeeze(), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        batch_losses.append(loss.item())
    history.append(sum(batch_losses) / len(batch_losses))
print("loss:", history[0], "->", history[-1])
scores = net(X_test).sigmoid().detach().numpy().squeeze()
print("scores", scores[:15])
