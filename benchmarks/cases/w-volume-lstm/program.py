# up or down tomorrow. Input: price change and traded volume of the last 15 days
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
torch.manual_seed(seed)

T, WIN = 1600, 15
# market with momentum, so this is learnable
ret = np.zeros(T)
for i in range(1, T):
    ret[i] = 0.75 * ret[i - 1] + np.random.normal(0, 0.01)
volume = np.random.lognormal(16, 0.3, T)
open_interest = np.random.lognormal(13, 0.2, T)

feats = np.column_stack([100 * ret, volume, open_interest])
LOG_COLS = []  # [1, 2]
for c in LOG_COLS:
    feats[:, c] = np.log(feats[:, c])
    feats[:, c] -= feats[:, c].mean()

windows = np.stack([feats[i : i + WIN] for i in range(T - WIN)])
up = (ret[WIN:] > 0).astype(np.float32)
n_train = 1200
Xtr = torch.tensor(windows[:n_train], dtype=torch.float32)
ytr = torch.tensor(up[:n_train])
Xte = torch.tensor(windows[n_train:], dtype=torch.float32)
yte = up[n_train:]


class Net(nn.Module):
    def __init__(self, n_feat, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(n_feat, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.fc(h[-1]).squeeze(-1)


net = Net(feats.shape[1])
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(12):
    total = 0.0
    for idx in torch.randperm(n_train).split(64):
        optimizer.zero_grad()
        loss = loss_fn(net(Xtr[idx]), ytr[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(idx)
    print(epoch + 1, total / n_train)

net.eval()
with torch.no_grad():
    p_up = torch.sigmoid(net(Xte)).numpy()
print("buy on", (p_up > 0.5).sum(), "of", len(p_up), "days; hit rate", ((p_up > 0.5) == yte).mean())
