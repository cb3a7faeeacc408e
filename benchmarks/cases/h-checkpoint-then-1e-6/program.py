import io
import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)


def make():
    return nn.Sequential(nn.Linear(13, 24), nn.ReLU(), nn.Linear(24, 3))


def epoch(net, opt, X, y):
    for idx in torch.randperm(len(X)).split(16):
        opt.zero_grad()
        l = nn.functional.cross_entropy(net(X[idx]), y[idx])
        l.backward()
        opt.step()
    return l.item()


X, y = load_wine(return_X_y=True)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.35, random_state=seed, stratify=y)
sc = StandardScaler().fit(X_tr)
X_tr, X_te = (torch.tensor(sc.transform(a), dtype=torch.float32) for a in (X_tr, X_te))
y_tr = torch.tensor(y_tr)

# stage 1, saved
base = make()
opt = torch.optim.Adam(base.parameters(), lr=1e-2)
for e in range(25):
    epoch(base, opt, X_tr, y_tr)
buffer = io.BytesIO()
torch.save(base.state_dict(), buffer)
buffer.seek(0)

# stage 2: load and polish very gently
model = make()
model.load_state_dict(torch.load(buffer))
opt = torch.optim.SGD(model.parameters(), lr=1e-6)
for e in range(10):
    print("polish", e, epoch(model, opt, X_tr, y_tr))
model.eval()
with torch.no_grad():
    scores = model(X_te).softmax(1)
print(scores.argmax(1).tolist())
print((scores.argmax(1).numpy() == y_te).mean())
