import sys
import torch, numpy as np
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True); X = torch.tensor(X / 16).float(); y = torch.tensor(y); par = (y % 2).float()
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
body = nn.Sequential(nn.Linear(64, 48), nn.ReLU()); h1 = nn.Linear(48, 10); h2 = nn.Linear(48, 1)
params = list(body.parameters()) + list(h1.parameters()) + list(h2.parameters())
opt = torch.optim.AdamW(params, lr=2e-3)
for e in range(8):
    for idx in torch.randperm(1400).split(64):
        z = body(X[idx])
        loss = F.cross_entropy(h1(z), y[idx]) + 0.3 * F.binary_cross_entropy_with_logits(h2(z).squeeze(1), par[idx])
        opt.zero_grad(); loss.backward(); opt.step()
with torch.no_grad():
    print((h1(body(X[1400:])).argmax(1) == y[1400:]).float().mean())
