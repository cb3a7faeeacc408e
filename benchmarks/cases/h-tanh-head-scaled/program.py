import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import MinMaxScaler, StandardScaler

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_diabetes(return_X_y=True)
order = torch.randperm(len(X)).numpy()
X, y = X[order], y[order]
xs, ys = StandardScaler(), MinMaxScaler(feature_range=(-0.8, 0.8))
X_train = torch.tensor(xs.fit_transform(X[:330]), dtype=torch.float32)
y_train = torch.tensor(ys.fit_transform(y[:330, None]), dtype=torch.float32)
X_test = torch.tensor(xs.transform(X[330:]), dtype=torch.float32)
net = nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 1), nn.Tanh())
optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=0.05)
for epoch in range(80):
    optimizer.zero_grad()
    loss = ((net(X_train) - y_train) ** 2).mean()
    loss.backward()
    optimizer.step()
net.eval()
with torch.no_grad():
    raw = net(X_test)
print("raw outputs", raw[:8].flatten().tolist())
yhat = ys.inverse_transform(raw.numpy())
print("in units of the disease score", yhat[:8].ravel().round(1))
y_test = y[330:]
