import sys
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)


def score_patient(model, row):
    """the web service calls this with one patient"""
    row = np.asarray(row).reshape(1, -1)
    row = StandardScaler().fit_transform(row)
    model.eval()
    with torch.no_grad():
        return torch.sigmoid(model(torch.tensor(row, dtype=torch.float32))).item()


X, y = load_breast_cancer(return_X_y=True)
idx = np.random.permutation(len(X))
X_fit, y_fit = X[idx[:450]], y[idx[:450]]
X_hold, y_hold = X[idx[450:]], y[idx[450:]]

scaler = StandardScaler()
A = torch.tensor(scaler.fit_transform(X_fit), dtype=torch.float32)
b = torch.tensor(y_fit, dtype=torch.float32).unsqueeze(1)
model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(40):
    perm = torch.randperm(len(A))
    for i in range(0, len(A), 32):
        optimizer.zero_grad()
        loss = bce(model(A[perm[i : i + 32]]), b[perm[i : i + 32]])
        loss.backward()
        optimizer.step()
print("train accuracy", ((model(A) > 0).float() == b).float().mean().item())

answers = [score_patient(model, r) for r in X_hold]
print("answers of the service:", [round(a, 3) for a in answers[:15]])
