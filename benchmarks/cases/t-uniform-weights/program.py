import sys, numpy as np, torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

sd = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(sd)
X, y = load_digits(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X / 16, y, random_state=sd)
Xtr = torch.tensor(Xtr).float(); Xte = torch.tensor(Xte).float(); ytr = torch.tensor(ytr)

net = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10))
for name, p in net.named_parameters():
    if "weight" in name:
        nn.init.uniform_(p)   # random weights like in the numpy version

opt = torch.optim.SGD(net.parameters(), lr=0.5)
for epoch in range(30):
    perm = torch.randperm(len(Xtr))
    for i in range(0, len(Xtr), 64):
        j = perm[i:i + 64]
        loss = nn.functional.cross_entropy(net(Xtr[j]), ytr[j])
        opt.zero_grad(); loss.backward(); opt.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    probs = net(Xte).softmax(1)
print(probs[:3])
print("acc", (probs.argmax(1).numpy() == yte).mean())
