import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from sklearn.datasets import load_diabetes

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)


class M(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(10, 50)
        self.l2 = nn.Linear(50, 50)
        self.l3 = nn.Linear(50, 1)

    def forward(self, x):
        h = nn.functional.relu(self.l1(x))
        h = nn.functional.relu(self.l2(h))
        return torch.sigmoid(self.l3(h))


data, target = load_diabetes(return_X_y=True)
data = torch.tensor(data * 20).float()  # sklearn version is tiny
target = torch.tensor(target).float().unsqueeze(1)
train_set, val_set = random_split(TensorDataset(data, target), [342, 100])

m = M()
opt = torch.optim.Adam(m.parameters(), lr=0.005)
for e in range(100):
    for a, b in DataLoader(train_set, batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = nn.MSELoss()(m(a), b)
        loss.backward()
        opt.step()
    if e % 20 == 0:
        print("Epoch %d, loss %.1f" % (e, loss.item()))

xv, yv = val_set[:]
m.eval()
yp = m(xv).detach()
for a, b in list(zip(yp, yv))[:8]:
    print("predicted %.4f  actual %.1f" % (a.item(), b.item()))
