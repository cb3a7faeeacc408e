import sys
import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)
X = rng.uniform(-1, 1, (300, 5)).astype("float32")
y = (X[:, 0] * 2 - X[:, 1] + np.sin(3 * X[:, 2])).astype("float32")

net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for k in range(60):
    for s in range(0, 250, 25):
        opt.zero_grad()
        l = nn.functional.huber_loss(net(torch.from_numpy(X[s : s + 25]))[:, 0], torch.from_numpy(y[s : s + 25]))
        l.backward()
        opt.step()
    if k % 20 == 0:
        print(k, l.item())

net.eval()
X_new = X[250:]
k = 0
rows = []
for j in range(len(X_new)):
    rows.append(X_new[k])
preds = net(torch.tensor(np.array(rows))).detach().numpy()
for j in range(6):
    print("item", j, "->", preds[j, 0])
