import numpy as np
import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(1)
np.random.seed(1)
data = load_diabetes()
rows = np.random.permutation(len(data.data))
scaled = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
target = (data.target - data.target.mean()) / data.target.std()
X = torch.tensor(scaled[rows[:350]], dtype=torch.float32)
y = torch.tensor(target[rows[:350]], dtype=torch.float32)
X_test = torch.tensor(scaled[rows[350:]], dtype=torch.float32)


def build(hidden):
    return nn.Sequential(nn.Linear(X.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 1))


def mse(output, target):
    return ((output - target) ** 2).mean()


model = build(32)
criterion = mse
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=8)


def closure():
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    return loss


for _epoch in range(12):
    last = optimizer.step(closure)
print("loss", last.item())
with torch.no_grad():
    predictions = model(X_test).squeeze(1)
print(predictions[:8])
