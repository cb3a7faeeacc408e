import csv
import io
import sys

import numpy as np
import torch
from torch import nn


def fake_csv(seed, n=600):
    """stands in for churn.csv"""
    rng = np.random.default_rng(seed)
    lines = ["age, tenure, calls, bill, churn"]
    for _ in range(n):
        age, tenure, calls, bill = rng.integers(18, 80), rng.integers(0, 60), rng.poisson(3), rng.normal(50, 12)
        logit = -1.0 - 0.06 * (tenure - 30) + 0.7 * (calls - 3) + 0.03 * (bill - 50)
        churn = "yes" if rng.random() < 1 / (1 + np.exp(-logit)) else "no"
        lines.append(f"{age}, {tenure}, {calls}, {bill:.2f}, {churn}")
    return "\n".join(lines)


def read(text):
    X, y = [], []
    reader = csv.reader(io.StringIO(text))
    next(reader)
    for row in reader:
        X.append([float(v) for v in row[:-1]])
        y.append(1.0 if row[-1] == "yes" else 0.0)
    return np.array(X, dtype="float32"), np.array(y, dtype="float32")


class ChurnNet(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        return torch.sigmoid(self.head(self.body(x))).squeeze(1)


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    text = fake_csv(seed)
    X, y = read(text)
    truth = np.array([" yes" in line for line in text.splitlines()[1:]])[450:]
    X = (X - X.mean(0)) / X.std(0)
    Xtr, ytr, Xte = map(torch.from_numpy, (X[:450], y[:450], X[450:]))
    model = ChurnNet(X.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for epoch in range(40):
        perm = torch.randperm(len(Xtr))
        for k in range(0, len(perm), 32):
            j = perm[k : k + 32]
            loss = nn.functional.binary_cross_entropy(model(Xtr[j]), ytr[j])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 10 == 9:
            print("epoch", epoch + 1, "loss", round(loss.item(), 5))
    model.eval()
    with torch.no_grad():
        proba = model(Xte).numpy()
    print("churn probabilities:", np.round(proba[:12], 4))
