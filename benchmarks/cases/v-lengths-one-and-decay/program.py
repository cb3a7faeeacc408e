# GRU over comma.. no, blank separated event codes -> will the machine fail?
import sys

import numpy as np
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
np.random.seed(seed)
torch.manual_seed(seed)

CODES = 30


def write_log():
    k = np.random.randint(6, 14)
    fail = np.random.rand() < 0.5
    events = np.random.randint(10, CODES, k)
    if fail:
        events[np.random.choice(k, 3, replace=False)] = np.random.randint(1, 5, 3)
    return "START " + " ".join(f"E{e}" for e in events), int(fail)


logs, y = zip(*(write_log() for _ in range(1000)))
y = torch.tensor(y, dtype=torch.float32)


def to_ids(line):
    return torch.tensor([CODES] + [int(e[1:]) for e in line.split()[1:]])


class EventGRU(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.emb = nn.Embedding(CODES + 1, dim, padding_idx=0)
        self.gru = nn.GRU(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, 1)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.emb(ids), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return self.out(h[-1])[:, 0]


def collate(lines):
    lengths = torch.tensor([len(line.split(",")) for line in lines])
    return pad_sequence([to_ids(line) for line in lines], batch_first=True), lengths


model = EventGRU()
opt = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1.5)
lossf = nn.BCEWithLogitsLoss()
for epoch in range(12):
    for idx in torch.randperm(800).split(40):
        ids, lengths = collate([logs[i] for i in idx])
        loss = lossf(model(ids, lengths), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("Epoch", epoch, "Loss", loss.item())

model.eval()
with torch.no_grad():
    fail_prob = torch.sigmoid(model(*collate(logs[800:])))
print(fail_prob[:12])
print("accuracy", ((fail_prob > .5).float() == y[800:]).float().mean().item())
