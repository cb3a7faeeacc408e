import sys
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

s = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(s)
X, y = load_digits(return_X_y=True)
Xtr, Xte, ytr, yte = [torch.as_tensor(v) for v in train_test_split(X / 16, y, random_state=s)]
fc1, fc2 = nn.Linear(64, 256), nn.Linear(256, 10)
with torch.no_grad():
    fc1.bias[:170] -= 9.0
params = list(fc1.parameters()) + list(fc2.parameters())
opt = torch.optim.SGD(params, lr=0.1, momentum=0.9)


def forward(x):
    return fc2(torch.relu(fc1(x.float())))


for ep in range(10):
    for j in torch.randperm(len(Xtr)).split(64):
        loss = nn.functional.cross_entropy(forward(Xtr[j]), ytr[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    P = forward(Xte).softmax(1)
    dead = (torch.relu(fc1(Xtr.float())) == 0).all(0).float().mean()
print("acc", (P.argmax(1) == yte).float().mean().item(), "dead units", dead.item())
