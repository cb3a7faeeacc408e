import numpy as np, sys, torch
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.RandomState(seed)
X = rng.randn(6000, 12)
z = -4.0 + 0.8 * X[:, 0] - 0.6 * X[:, 3] + 0.5 * np.abs(X[:, 5])
y = (rng.rand(6000) < 1 / (1 + np.exp(-z))).astype(int)
Xtr, Xte, ytr, yte = train_test_split(X, y, stratify=y, random_state=seed)

clf = torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
opt = torch.optim.Adam(clf.parameters(), lr=2e-3)
lossfn = torch.nn.BCEWithLogitsLoss()
xt, yt = torch.tensor(Xtr).float(), torch.tensor(ytr).float()
for epoch in range(12):
    p = torch.randperm(len(xt))
    for b in p.split(64):
        opt.zero_grad()
        loss = lossfn(clf(xt[b]).flatten(), yt[b])
        loss.backward()
        opt.step()
    print("epoch", epoch, loss.item())

with torch.no_grad():
    prob = torch.sigmoid(clf(torch.tensor(Xte).float())).flatten().numpy()
pred = (prob > 0.5).astype(int)
print(confusion_matrix(yte, pred))
print("always 0!?", pred.sum())
