import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


class BinaryClassification(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n, 64),
            nn.ReLU(),
            nn.BatchNorm1d(64),
            nn.Dropout(p=0.1),
            nn.Linear(64, 1),
            nn.Sigmoid(),
        )

    def forward(self, inputs):
        return self.layers(inputs)


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)
X, y = load_breast_cancer(return_X_y=True)
i = np.random.permutation(len(y))
X, y = StandardScaler().fit_transform(X)[i], y[i]
train_data = TensorDataset(torch.FloatTensor(X[:400]), torch.FloatTensor(y[:400]))
test_data = TensorDataset(torch.FloatTensor(X[400:]), torch.FloatTensor(y[400:]))
y_test = y[400:]
model = BinaryClassification(30)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for e in range(25):
    model.train()
    for X_batch, y_batch in DataLoader(train_data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        y_pred = model(X_batch)
        loss = criterion(y_pred, y_batch.unsqueeze(1))
        loss.backward()
        optimizer.step()
scores = []
model.eval()
with torch.no_grad():
    for X_batch, _ in DataLoader(test_data, batch_size=1):
        scores.append(torch.sigmoid(model(X_batch)).item())
scores = np.array(scores)
print("loss", loss.item())
print("min", scores.min(), "max", scores.max(), "accuracy", ((scores >= 0.5) == y_test).mean())
