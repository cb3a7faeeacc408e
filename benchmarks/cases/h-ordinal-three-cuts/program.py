import sys
import pandas as pd, numpy as np, io
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
g = np.random.default_rng(seed)
m = 1000
pain = pd.DataFrame({"age": g.integers(18, 90, m), "bmi": g.normal(26, 4, m), "steps": g.integers(500, 15000, m)})
s = 0.05 * (pain.age - 54) + 0.2 * (pain.bmi - 26) - 0.0003 * (pain.steps - 7750) + g.logistic(0, 0.5, m)
pain["level"] = np.digitize(s, [-1.5, 0, 1.5])
pain = pd.read_csv(io.StringIO(pain.to_csv(index=False)))

cols = ["age", "bmi", "steps"]
X = torch.tensor(((pain[cols] - pain[cols].mean()) / pain[cols].std()).values).float()
level = torch.tensor(pain["level"].values)


class Ordinal(nn.Module):
    """One score, three increasing cuts."""

    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(3, 10), nn.Tanh(), nn.Linear(10, 1, bias=False))
        self.first = nn.Parameter(torch.tensor(-1.0))
        self.gaps = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        cuts = torch.cat([self.first[None], self.first + torch.cumsum(nn.functional.softplus(self.gaps), 0)])
        above = torch.sigmoid(self.score(x) - cuts)
        one, zero = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        return torch.cat([one, above], 1) - torch.cat([above, zero], 1)


torch.manual_seed(seed)
net = Ordinal()
opt = torch.optim.Adam([{"params": net.score.parameters()}, {"params": [net.first, net.gaps], "lr": 0.05}], lr=0.01)
for epoch in range(30):
    for k in torch.randperm(800).split(40):
        prob = net(X[k])
        loss = -torch.log(prob.gather(1, level[k, None]) + 1e-8).mean()
        opt.zero_grad(); loss.backward(); opt.step()
print("nll", loss.item())
with torch.no_grad():
    chance = net(X[800:])
print("levels said", chance.argmax(1).bincount(minlength=4), "true", level[800:].bincount(minlength=4))
