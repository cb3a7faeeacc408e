import numpy as np, sys, torch
from sklearn.datasets import make_classification
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = make_classification(
    n_samples=6000, n_features=12, n_informative=5, weights=[0.965], class_sep=0.7, flip_y=0.01, random_state=3
)
Xtr, Xte, ytr, yte = train_test_split(X, y, stratify=y, random_state=seed)

clf = torch.nn.Sequential(torch.nn.Linear(12, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
opt = torch.optim.Adam(clf.parameters(), lr=1e-3)
lossfn = torch.nn.BCEWithLogitsLoss()
xt, yt = torch.tensor(Xtr).float(), torch.tensor(ytr).float()
for epoch in range(3):
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
