# ReZero: every block starts as the identity, and the last layer starts at zero
import sys
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
data = load_digits()
x = torch.tensor(data.data, dtype=torch.float32).div(8).sub(1)
y = torch.tensor(data.target)

class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, d))
        self.gate = nn.Parameter(torch.zeros(1))
    def forward(self, h):
        return h + self.gate * self.f(h)

net = nn.Sequential(nn.Linear(64, 48), *[Block(48) for _ in range(8)], nn.Linear(48, 10))
nn.init.zeros_(net[-1].weight)
nn.init.zeros_(net[-1].bias)
print("before training every picture gets", net(x[:3]).softmax(1)[:, 0].tolist())
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    for k in torch.randperm(1400).split(50):
        loss = nn.functional.cross_entropy(net(x[k]), y[k])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
net.eval()
with torch.inference_mode():
    out = net(x[1400:])
print("right:", (out.argmax(1) == y[1400:]).float().mean())
