# 5-fold CV for the paper (wine cultivar)
import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)
X, y = load_wine(return_X_y=True)
X = X.astype(np.float32)


def new_model():
    return nn.Sequential(nn.Linear(13, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 3))


model = new_model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.CrossEntropyLoss()

oof = np.zeros((len(y), 3), dtype=np.float32)
kf = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)
for fold, (tr, va) in enumerate(kf.split(X, y)):
    sc = StandardScaler().fit(X[tr])
    xt, xv = torch.from_numpy(sc.transform(X[tr])), torch.from_numpy(sc.transform(X[va]))
    yt = torch.from_numpy(y[tr])
    model = new_model()
    for epoch in range(60):
        for b in torch.randperm(len(xt)).split(16):
            loss = loss_fn(model(xt[b]), yt[b])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        oof[va] = torch.softmax(model(xv), 1).numpy()
    print(f"fold {fold}: train loss {loss.item():.3f}  val acc {(oof[va].argmax(1) == y[va]).mean():.3f}")

print("OOF accuracy", (oof.argmax(1) == y).mean())
