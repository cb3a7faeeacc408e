import sys
import numpy as np
import torch
from sklearn.datasets import make_classification
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = make_classification(2000, 12, n_informative=6, weights=[0.9], class_sep=1.2, random_state=31)
X = (X - X.mean(0)) / X.std(0)
Xt, yt = torch.tensor(X[:1500]).float(), torch.tensor(y[:1500]).float()
w = torch.where(yt > 0, 9.0, 1.0)
loader = DataLoader(TensorDataset(Xt, yt), batch_size=50, sampler=WeightedRandomSampler(w, 1500))
mlp = torch.nn.Sequential(torch.nn.Linear(12, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1), torch.nn.Sigmoid())
opt = torch.optim.SGD(mlp.parameters(), lr=0.1, momentum=0.9)
best, state = -1, None
for epoch in range(15):
    mlp.train()
    for xb, yb in loader:
        opt.zero_grad()
        torch.nn.functional.binary_cross_entropy(mlp(xb).view(-1), yb).backward()
        opt.step()
    mlp.eval()
    with torch.no_grad():
        acc = ((mlp(Xt).view(-1) > 0.5) == (yt > 0.5)).float().mean().item()
    if acc > best:
        best, state = acc, {k: v.clone() for k, v in mlp.state_dict().items()}
mlp.load_state_dict(state)
with torch.no_grad():
    prob = mlp(torch.tensor(X[1500:]).float()).view(-1).numpy()
print("best", best, "positive predicted", np.mean(prob > 0.5))
