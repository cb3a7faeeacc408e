# first try with pytorch, followed the tutorial
import sys
import torch
import torch.nn as nn
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.utils import shuffle

s = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(s)
data = load_breast_cancer()
X, y = shuffle(data.data, data.target, random_state=s)
X_train, X_test = X[:420], X[420:]
y_train, y_test = y[:420], y[420:]

X_train = torch.from_numpy(X_train.astype(np.float32))
X_test = torch.from_numpy(X_test.astype(np.float32))
y_train = torch.from_numpy(y_train.astype(np.float32)).view(-1, 1)


class LogisticNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(30, 20)
        self.drop = nn.Dropout(0.2)
        self.final = nn.Linear(20, 1)

    def forward(self, x):
        h = self.drop(torch.relu(self.hidden(x)))
        return torch.sigmoid(self.final(h))


model = LogisticNet()
criterion = nn.BCELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.05)
n_epochs = 100
for epoch in range(n_epochs):
    y_pred = model(X_train)
    loss = criterion(y_pred, y_train)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if (epoch + 1) % 20 == 0:
        print(f"epoch: {epoch + 1}, loss = {loss.item():.4f}")

with torch.no_grad():
    model.eval()
    res = model(X_test).numpy().ravel()
    print(res[:20])
    acc = ((res > 0.5) == y_test).mean()
    print(f"accuracy: {acc:.4f}")
