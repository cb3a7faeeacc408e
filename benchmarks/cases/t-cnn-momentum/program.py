import sys
import math
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
bunch = load_digits()
perm = torch.randperm(len(bunch.target))
X = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1)[perm] / 16
X = (X - X.mean()) / X.std()
y = torch.tensor(bunch.target)[perm]


class LeNetish(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1)
        self.c2 = nn.Conv2d(16, 32, 3)
        self.f1 = nn.Linear(32 * 9, 64)
        self.f2 = nn.Linear(64, 32)
        self.f3 = nn.Linear(32, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.relu(self.c1(x))
        x = self.pool(self.relu(self.c2(x)))
        x = x.view(x.size(0), -1)
        x = self.relu(self.f1(x))
        x = self.relu(self.f2(x))
        return self.f3(x)


model = LeNetish()
opt = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.95)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=5, gamma=0.5)
criterion = nn.CrossEntropyLoss()
bs = 50
for epoch in range(6):
    model.train()
    losses = []
    for b in range(1300 // bs):
        xb, yb = X[b * bs : (b + 1) * bs], y[b * bs : (b + 1) * bs]
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    sched.step()
    print(f"epoch {epoch} max {max(losses):.2f} mean {sum(losses) / len(losses):.4f}   (ln 10 = {math.log(10):.4f})")

model.eval()
allp = []
with torch.no_grad():
    for chunk in X[1300:].split(100):
        allp.append(model(chunk).softmax(1))
print("predicted:", torch.cat(allp).argmax(1).bincount(minlength=10).tolist())
