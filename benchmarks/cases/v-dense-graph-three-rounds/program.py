"""Node classification on a dense 'who knows whom' graph, three rounds of a plain GCN written by hand."""
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

N, CLASSES = 450, 3
club = rng.integers(0, CLASSES, N)
p = np.where(club[:, None] == club[None, :], 0.14, 0.03)
A = np.triu(rng.random((N, N)) < p, 1).astype(float)
A = A + A.T + np.eye(N)
deg = A.sum(1)
A_hat = torch.tensor(A / np.sqrt(deg[:, None] * deg[None, :]), dtype=torch.float32)
feats = rng.normal(size=(N, 12))
feats[np.arange(N), club] += 0.6
X = torch.tensor(feats, dtype=torch.float32)
Y = torch.tensor(club)
mask = torch.zeros(N, dtype=torch.bool)
mask[torch.randperm(N)[:120]] = True


class GCNLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o, bias=False)
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, a, h):
        return a @ self.lin(h) + self.bias


class GCN(nn.Module):
    def __init__(self, n_in, n_hid, n_out, rounds=3, p_drop=0.5):
        super().__init__()
        sizes = [n_in] + [n_hid] * (rounds - 1) + [n_out]
        self.rounds = nn.ModuleList(GCNLayer(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.drop = nn.Dropout(p_drop)

    def forward(self, a, h):
        for k, layer in enumerate(self.rounds):
            h = layer(a, self.drop(h))
            if k < len(self.rounds) - 1:
                h = torch.relu(h)
        return h


gcn = GCN(12, 24, CLASSES)
opt = torch.optim.Adam(gcn.parameters(), lr=0.01, weight_decay=5e-4)
print("before:", gcn.eval()(A_hat, X).softmax(1)[:4])     # nearly the same for all nodes
for epoch in range(200):
    gcn.train()
    out = gcn(A_hat, X)
    loss = nn.functional.cross_entropy(out[mask], Y[mask])
    opt.zero_grad()
    loss.backward()
    opt.step()
gcn.eval()
with torch.no_grad():
    node_prob = gcn(A_hat, X).softmax(1)[~mask]
node_true = Y[~mask]
print("accuracy of the other nodes", (node_prob.argmax(1) == node_true).float().mean().item())
