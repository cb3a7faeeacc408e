import sys
import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)
n = 20000
user, ad, hour = rng.integers(0, 30, n), rng.integers(0, 20, n), rng.integers(0, 24, n)
u, a = rng.normal(0, 0.9, 30), rng.normal(0, 0.9, 20)
pclick = 1 / (1 + np.exp(-(-4.3 + u[user] + a[ad] + 0.5 * np.sin(hour / 24 * 2 * np.pi))))
click = (rng.random(n) < pclick).astype("float32")
data = torch.tensor(np.stack([user, ad + 30, hour + 50], 1))
target = torch.tensor(click)


class CTR(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(74, 8)
        self.mlp = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.mlp(self.emb(x).flatten(1)).squeeze(1)


net = CTR()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(3):
    for j in torch.randperm(15000).split(128):
        opt.zero_grad()
        l = nn.functional.binary_cross_entropy_with_logits(net(data[j]), target[j])
        l.backward()
        opt.step()
    print(epoch, l.item())
net.eval()
with torch.no_grad():
    ctr = torch.sigmoid(net(data[15000:]))
print("mean", ctr.mean().item(), "max", ctr.max().item(), "sd", ctr.std().item())
