import sys
import torch, torch.nn as nn, numpy as np
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True); X = torch.tensor(X / 16).float(); y = torch.tensor(y)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
ce = nn.CrossEntropyLoss()
acc = 8
for ep in range(5):
    perm = torch.randperm(1500)
    opt.zero_grad()
    for k, i in enumerate(range(0, 1500, 30)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = net(X[perm[i:i+30]])
            loss = ce(out, y[perm[i:i+30]]) / acc
        loss.backward()
        if (k + 1) % acc == 0:
            nn.utils.clip_grad_norm_(net.parameters(), 1e-3)
            opt.step(); opt.zero_grad()
    print(ep, loss.item() * acc)
net.eval()
with torch.no_grad(): pr = net(X[1500:]).softmax(1)
print(pr[:3], pr.argmax(1)[:30])
