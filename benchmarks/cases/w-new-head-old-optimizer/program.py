# transfer learning: trunk trained on digits 0-4, then new head for 5-9
import sys

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rs = np.random.RandomState(seed)

d = load_digits()
img = d.images.astype("float32")
lab = d.target
order = rs.permutation(len(lab))
img, lab = img[order], lab[order]


def prep(a):
    return torch.from_numpy((a - 4.88) / 6.02)[:, None]


def paper(a):
    """what the scanner delivers: 12 bit, dark on white"""
    return (4095 - 255 * a).astype("float32")


def from_scanner(a):
    return (4095 - a) / 255


class Net(nn.Module):
    def __init__(self, n_out=5):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.Tanh(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.Tanh(), nn.MaxPool2d(2),
            nn.Flatten(),
        )  # fmt: skip
        self.mid = nn.Sequential(nn.Linear(96, 32), nn.Tanh())
        self.fc = nn.Linear(32, n_out)

    def forward(self, x):
        return self.fc(self.mid(self.trunk(x)))


def run(model, optimizer, x, y, epochs):
    lf = nn.CrossEntropyLoss()
    for ep in range(epochs):
        for b in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = lf(model(x[b]), y[b])
            loss.backward()
            optimizer.step()
    print("last loss", loss.item())


low = lab < 5
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
run(net, opt, prep(img[low]), torch.from_numpy(lab[low]), 8)

# ---- new task
high = np.where(lab >= 5)[0]
tr, te = high[:600], high[600:]
for w in net.parameters():
    w.requires_grad = False
net.fc = nn.Linear(32, 5)
nn.init.normal_(net.fc.weight, std=0.01)
finetune = opt
run(net, finetune, prep(img[tr]), torch.from_numpy(lab[tr] - 5), 15)

net.eval()
scans = [paper(im) for im in img[te]]
with torch.no_grad():
    probs = torch.cat([net(prep(s[None])).softmax(1) for s in scans]).numpy()
wanted = lab[te] - 5
print("predicted:", np.bincount(probs.argmax(1), minlength=5) , "wanted:", np.bincount(wanted))
