import sys
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = make_friedman1(1300, noise=0.3, random_state=8)
X, y = torch.tensor(X).float(), torch.tensor(y).float()


class Net(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def fit(model, X, y, epochs=50):
    opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
    for epoch in range(epochs):
        for j in torch.randperm(len(X)).split(50):
            opt.zero_grad()
            loss = nn.functional.mse_loss(model(X[j]), y[j])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
        sched.step()
        if epoch % 10 == 9:
            print(epoch + 1, loss.item(), "lr", sched.get_last_lr()[0])


model = Net()
fit(model, X[:1000], y[:1000])
model.eval()
with torch.no_grad():
    pred = model(X[1000:])
print(pred[:6], y[1000:1006])
