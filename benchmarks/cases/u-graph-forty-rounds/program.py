import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# Communities in a synthetic citation network. Experiment 3b of the thesis: "does a larger receptive field help?"
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 11
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

N, C, D = 360, 3, 16
community = rng.integers(0, C, N)
p = np.where(community[:, None] == community[None], 0.10, 0.02)
A = np.triu(rng.random((N, N)) < p, 1)
A = (A | A.T).astype(np.float32)
centres = rng.normal(size=(C, D)) * 0.5
features = (centres[community] + rng.normal(size=(N, D))).astype(np.float32)

A_hat = A + np.eye(N, dtype=np.float32)
A_hat = A_hat / A_hat.sum(1, keepdims=True)  # random-walk normalisation
A_hat, features = torch.from_numpy(A_hat), torch.from_numpy(features)
labels = torch.from_numpy(community)
perm = torch.randperm(N)
idx_train, idx_test = perm[:180], perm[180:]


class PropagationNet(nn.Module):
    """Propagates the features `rounds` times, then a small MLP per node."""

    def __init__(self, rounds):
        super().__init__()
        self.rounds = rounds
        self.lin_in = nn.Linear(D, 32)
        self.lin_out = nn.Linear(32, C)

    def forward(self, x, adj):
        for _ in range(self.rounds):
            x = adj @ x
        h = F.relu(self.lin_in(x))
        h = F.dropout(h, 0.2, self.training)
        return self.lin_out(h)


def run(rounds=40, epochs=150):
    net = PropagationNet(rounds)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)
    for epoch in range(epochs):
        net.train()
        optimiser.zero_grad()
        out = net(features, A_hat)
        loss = F.cross_entropy(out[idx_train], labels[idx_train])
        loss.backward()
        optimiser.step()
        if epoch % 30 == 0:
            print(f"epoch {epoch:03d} loss {loss.item():.4f}")
    net.eval()
    with torch.no_grad():
        return net(features, A_hat).softmax(-1)


soft = run()
test_soft, test_labels = soft[idx_test], labels[idx_test]
print("test accuracy", (test_soft.argmax(1) == test_labels).float().mean().item())
print("std over nodes", test_soft.std(0))
