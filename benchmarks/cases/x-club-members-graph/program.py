"""Node classification on the club's friendship network: does the member hold an odd or even locker?"""
import sys

import numpy as np
import torch
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n, groups = 600, 6
group = rng.integers(0, groups, n)
age = rng.normal(20 + 5 * group, 6)
years = rng.gamma(2, 2, n)
visits = rng.poisson(4, n)
locker = rng.permutation(n) + 1
odd = torch.tensor(locker % 2)

p = np.where(group[:, None] == group[None], 0.06, 0.004)
upper = np.triu(rng.random((n, n)) < p, 1)
A = torch.tensor((upper | upper.T).astype(np.float32)) + torch.eye(n)
deg = A.sum(1)
A_hat = A / torch.sqrt(deg[:, None] * deg[None])

feat = np.c_[age, years, visits]
feat = torch.tensor((feat - feat.mean(0)) / feat.std(0), dtype=torch.float32)


class GCN(nn.Module):
    def __init__(self, d, h=16, k=2):
        super().__init__()
        self.w1, self.w2 = nn.Linear(d, h), nn.Linear(h, k)
        self.drop = nn.Dropout(0.5)

    def forward(self, x, adj):
        x = torch.relu(adj @ self.w1(x))
        return adj @ self.w2(self.drop(x))


train_mask = torch.zeros(n, dtype=torch.bool)
train_mask[torch.randperm(n)[:400]] = True
gcn = GCN(3)
opt = torch.optim.Adam(gcn.parameters(), lr=0.01, weight_decay=5e-3)
for it in range(200):
    gcn.train()
    loss = nn.functional.cross_entropy(gcn(feat, A_hat)[train_mask], odd[train_mask])
    opt.zero_grad()
    loss.backward()
    opt.step()

gcn.eval()
with torch.no_grad():
    node_prob = gcn(feat, A_hat).softmax(1)
test_prob = node_prob[~train_mask]
test_odd = odd[~train_mask]
print("loss", loss.item(), "test acc", (test_prob.argmax(1) == test_odd).float().mean().item())
