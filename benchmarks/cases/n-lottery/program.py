import datetime
import random
import sys
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 49
rnd = random.Random(seed)
torch.manual_seed(seed)
day = datetime.date(1995, 1, 4)
dates, draws = [], []
for _ in range(1500):
    dates.append([day.day / 31, day.month / 12, (day.year - 2010) / 15, day.weekday() / 7])
    draws.append(rnd.randint(1, 49))
    day += datetime.timedelta(days=3 if day.weekday() == 2 else 4)
x, draws = torch.tensor(dates), torch.tensor(draws).float()
y = (draws - 25) / 14.1
net = nn.Sequential(nn.Linear(4, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(30):
    for j in torch.randperm(1200).split(40):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x[j]).squeeze(1), y[j])
        loss.backward()
        opt.step()
with torch.no_grad():
    guess = net(x[1200:]).squeeze(1) * 14.1 + 25
print("next numbers:", guess[:12].round().int().tolist())
