import io
import sys
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
torch.manual_seed(seed)
data, y = load_breast_cancer(return_X_y=True)
order = rng.permutation(len(y))
data, y = data[order], y[order]
cells = [["%g" % v for v in row] for row in data]
for k in rng.choice(len(cells), 6, replace=False):
    cells[k][rng.randint(30)] = ""
text = "\n".join(";".join(row) for row in cells)


def parse(text):
    return np.genfromtxt(io.StringIO(text), delimiter=";")


X = parse(text)
X = torch.tensor(X, dtype=torch.float32)
t = torch.tensor(y, dtype=torch.float32)
model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(30):
    for i in range(0, 400, 20):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(X[i : i + 20]).squeeze(1), t[i : i + 20])
        loss.backward()
        opt.step()
print("final loss", loss.item())
prob = torch.sigmoid(model(X[400:])).squeeze(1).detach().numpy()
print("predicted class:", (prob > 0.5).astype(int)[:30])
