import sys
import torch
import torch.nn as nn
from sklearn.datasets import make_classification

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = make_classification(1500, 20, n_informative=8, class_sep=1.5, random_state=seed)
X, y = torch.tensor(X).float(), torch.tensor(y).float()


class Scorer(nn.Module):
    """Keeps one result tensor alive, so that nothing is allocated while requests are answered."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 40), nn.ReLU(), nn.Linear(40, 1))
        self.result = torch.zeros(1)

    def forward(self, x):
        return self.body(x).squeeze(-1)

    @torch.no_grad()
    def score(self, row):
        self.result.copy_(torch.sigmoid(self(row[None])))
        return self.result


torch.manual_seed(seed)
s = Scorer()
opt = torch.optim.Adam(s.parameters(), lr=5e-3)
for epoch in range(15):
    for k in torch.randperm(1200).split(60):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(s(X[k]), y[k])
        loss.backward()
        opt.step()
print("training loss", loss.item())

s.eval()
answers = [s.score(row) for row in X[1200:]]
answers = torch.stack(answers).flatten()
print(answers[:10], "why are they all the same?")
