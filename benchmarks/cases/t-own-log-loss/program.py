import sys
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

def log_loss(p, y):
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()

def make_net(width):
    return torch.nn.Sequential(
        torch.nn.Linear(30, width),
        torch.nn.ReLU(),
        torch.nn.Linear(width, 1),
    )

bunch = load_breast_cancer(as_frame=True)
tr, te, ytr, yte = train_test_split(bunch.data, bunch.target, test_size=0.3, random_state=seed)
xtr = torch.from_numpy(tr.to_numpy(np.float32))
xte = torch.from_numpy(te.to_numpy(np.float32))
ytr_t = torch.from_numpy(ytr.to_numpy(np.float32))

net = make_net(24)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
history = []
for epoch in range(60):
    order = torch.randperm(len(xtr))
    for k in range(0, len(order), 32):
        rows = order[k:k + 32]
        z = net(xtr[rows]).squeeze(1)
        cost = log_loss(torch.sigmoid(z), ytr_t[rows])
        opt.zero_grad()
        cost.backward()
        opt.step()
    history.append(cost.item())
print("last costs", history[-3:])
with torch.no_grad():
    p_test = torch.sigmoid(net(xte).squeeze(1)).numpy()
print("malignant?", np.unique(p_test > 0.5, return_counts=True))
