import sys
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
torch.manual_seed(seed)
np.seterr(divide="ignore", invalid="ignore")

X, y = load_breast_cancer(return_X_y=True)
X = np.log(X)  # concavity etc are skewed
X = (X - np.mean(X, axis=0, where=np.isfinite(X))) / np.std(X, axis=0, where=np.isfinite(X))

order = np.random.RandomState(seed).permutation(len(X))
tr, te = order[:400], order[400:]
Xtr = torch.as_tensor(X[tr]).float()
ytr = torch.as_tensor(y[tr]).float()
Xte = torch.as_tensor(X[te]).float()
yte = y[te]

mlp = torch.nn.Sequential(
    torch.nn.Linear(30, 24),
    torch.nn.ReLU(),
    torch.nn.Dropout(0.1),
    torch.nn.Linear(24, 1),
)
optim = torch.optim.RMSprop(mlp.parameters(), lr=1e-3)
bce = torch.nn.BCEWithLogitsLoss()

for epoch in range(40):
    for i in range(0, len(Xtr), 32):
        optim.zero_grad()
        logit = mlp(Xtr[i : i + 32]).squeeze(-1)
        bce(logit, ytr[i : i + 32]).backward()
        optim.step()

mlp.eval()
scores = torch.sigmoid(mlp(Xte)).detach().numpy()[:, 0]
yhat = (scores > 0.5).astype(int)
print("predicted positives:", yhat.sum(), "of", len(yhat))
print("accuracy:", (yhat == yte).mean())
