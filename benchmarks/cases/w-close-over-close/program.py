"""GRU that says whether demand rises within the next 4 hours. Output is 0.00something for every window"""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("seed", type=int, nargs="?", default=0)
parser.add_argument("--window", type=int, default=24)
parser.add_argument("--horizon", type=int, default=4)
args = parser.parse_args()
rng = np.random.default_rng(args.seed)
torch.manual_seed(args.seed)

h = np.arange(2000)
demand = 50 + 12 * np.sin(2 * np.pi * h / 24) + 4 * np.sin(2 * np.pi * h / 168) + rng.normal(0, 2, len(h))
demand = (demand - demand.mean()) / demand.std()


class Windows(Dataset):
    def __init__(self, series, w, ahead):
        self.series, self.w, self.ahead = series, w, ahead

    def __len__(self):
        return len(self.series) - self.w - self.ahead

    def __getitem__(self, i):
        past = self.series[i : i + self.w]
        now, later = i + self.w - 1, i + self.w - 1 + self.ahead
        rises = self.series[now] > self.series[now]
        return torch.tensor(past, dtype=torch.float32)[:, None], torch.tensor(float(rises))


train = Windows(demand[:1500], args.window, args.horizon)
test = Windows(demand[1500:], args.window, args.horizon)
gru = nn.GRU(1, 24, batch_first=True)
head = nn.Linear(24, 1)
params = list(gru.parameters()) + list(head.parameters())
opt = torch.optim.Adam(params, lr=5e-3)
bce = nn.BCEWithLogitsLoss()

for ep in range(4):
    for x, y in DataLoader(train, batch_size=32, shuffle=True):
        _, hid = gru(x)
        loss = bce(head(hid[0])[:, 0], y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", ep, "loss %.4f" % loss.item())  # great loss!

with torch.no_grad():
    x = torch.stack([test[i][0] for i in range(len(test))])
    p_rise = torch.sigmoid(head(gru(x)[1][0]))[:, 0].numpy()
s = demand[1500:]
k = np.arange(len(test)) + args.window - 1
really = (s[k + args.horizon] > s[k]).astype(int)
print("predicted rises:", (p_rise > 0.5).sum(), "real rises:", really.sum())
