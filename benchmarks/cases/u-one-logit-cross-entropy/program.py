# Stack Overflow: "PyTorch loss is exactly 0 from the first epoch, accuracy stays at 50 %, what am I doing wrong?"
import sys

import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
np.random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 12)

# same sign of the two currents -> 1, the other columns are the time stamps of the sensors
coords = np.random.randn(1400, 6)
quadrant = coords[:, 0] * coords[:, 1] > 0
coords = torch.tensor(coords, dtype=torch.float32)
quadrant = torch.tensor(quadrant, dtype=torch.float32).reshape(-1, 1)

x_train, y_train = coords[:1000], quadrant[:1000]
x_test, y_test = coords[1000:], quadrant[1000:]


class QuadrantNet(nn.Module):
    def __init__(self):
        super(QuadrantNet, self).__init__()
        self.lin1 = nn.Linear(6, 40)
        self.lin2 = nn.Linear(40, 40)
        self.lin3 = nn.Linear(40, 1)
        self.act = nn.ReLU()

    def forward(self, inp):
        out = self.act(self.lin1(inp))
        out = self.act(self.lin2(out))
        return self.lin3(out)


network = QuadrantNet()
criterion = nn.CrossEntropyLoss()
optim = torch.optim.Adam(network.parameters(), lr=5e-3)

for ep in range(60):
    running = 0.0
    order = torch.randperm(1000)
    for start in range(0, 1000, 50):
        idx = order[start:start + 50]
        optim.zero_grad()
        logits = network(x_train[idx])
        batch_loss = criterion(logits, y_train[idx])
        batch_loss.backward()
        optim.step()
        running += batch_loss.item()
    if ep % 10 == 0:
        print("epoch", ep, "loss", running / 20)

with torch.no_grad():
    y_prob = torch.sigmoid(network(x_test))
print(y_prob[:8].flatten())
print("accuracy:", ((y_prob > 0.5).float() == y_test).float().mean().item())
