import sys
import numpy as np
import torch
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

# brightness-like features of short clips, values around 120
lab = rng.integers(0, 2, 1200)
feat = 120 + 4 * rng.standard_normal((1200, 20))
feat[:, :6] += 5 * lab[:, None]
feat = torch.tensor(feat).float()
lab = torch.tensor(lab)


class Clip(nn.Module):
    def __init__(self, bn_mom=0.001):
        super().__init__()
        self.bn0 = nn.BatchNorm1d(20, momentum=0.001)
        self.fc1 = nn.Linear(20, 32)
        self.bn1 = nn.BatchNorm1d(32, momentum=0.001)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = self.bn0(x)
        x = torch.tanh(self.bn1(self.fc1(x)))
        return self.fc2(x)


m = Clip()
o = torch.optim.Adam(m.parameters(), lr=2e-3)
for ep in range(10):
    m.train()
    hits = 0
    for idx in torch.randperm(900).split(30):
        logits = m(feat[idx])
        loss = nn.functional.cross_entropy(logits, lab[idx])
        o.zero_grad()
        loss.backward()
        o.step()
        hits += (logits.argmax(1) == lab[idx]).sum().item()
    print("ep", ep, "train acc", hits / 900)

m.eval()
with torch.no_grad():
    prob = torch.softmax(m(feat[900:]), dim=1)
print("eval acc", (prob.argmax(1) == lab[900:]).float().mean().item())
print(prob[:8])
