import sys
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# hourly load with a day and a week in it
hours = torch.arange(24 * 7 * 8).float()
series = torch.sin(2 * math.pi * hours / 24) + 0.5 * torch.sin(2 * math.pi * hours / 168) + 0.15 * torch.randn(len(hours))
series = (series - series.mean()) / series.std()
BACK, AHEAD = 36, 6
windows = series.unfold(0, BACK + AHEAD, 1)
past, future = windows[:, :BACK], windows[:, BACK:]
cut = 1000


class Block(nn.Module):
    def __init__(self, back, ahead, hidden=64):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(back, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.backcast = nn.Linear(hidden, back)
        self.forecast = nn.Linear(hidden, ahead)

    def forward(self, x):
        h = self.fc(x)
        return x - self.backcast(h), self.forecast(h)


class Stack(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.blocks = nn.ModuleList(Block(BACK, AHEAD) for _ in range(n))

    def forward(self, x):
        total = 0
        for b in self.blocks:
            x, f = b(x)
            total = total + f
        return total


net = Stack(3)
sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
clip = 1e-4
for epoch in range(12):
    for ix in torch.randperm(cut).split(50):
        loss = F.mse_loss(net(past[ix]), future[ix])
        sgd.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), clip)
        sgd.step()
    print(f"{epoch:02d} {loss.item():.4f}")
net.eval()
with torch.no_grad():
    forecast = net(past[cut:])
    print("one step ahead:", forecast[:8, 0], "seen:", future[cut:cut + 8, 0])
