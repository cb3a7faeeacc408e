# %% faces-like toy: learn an embedding of handwritten digits with triplets
import sys, random
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 7
random.seed(SEED); np.random.seed(SEED); torch.manual_seed(SEED)

digits = load_digits()
keep = digits.target < 6
images = torch.tensor(digits.data[keep] / 16.0, dtype=torch.float32)
ids = digits.target[keep]
by_id = {c: np.flatnonzero(ids[:800] == c) for c in range(6)}

# %%
embed = nn.Sequential(
    nn.Linear(64, 128), nn.ReLU(),
    nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 64), nn.ReLU(),
    nn.Linear(64, 16),
)
opt = torch.optim.Adam(embed.parameters(), lr=0.5)
crit = nn.TripletMarginLoss(margin=0.5)

def draw(n):
    a, p, q = [], [], []
    for _ in range(n):
        c, d = random.sample(range(6), 2)
        i, j = np.random.choice(by_id[c], 2, replace=False)
        a.append(i); p.append(j); q.append(np.random.choice(by_id[d]))
    return a, p, q

# %%
for it in range(300):
    a, p, q = draw(32)
    loss = crit(embed(images[a]), embed(images[p]), embed(images[q]))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 50 == 0:
        print(it, "loss %.4f" % loss.item())

# %% are two pictures the same digit? similarity = minus the distance
embed.eval()
a, b = np.random.randint(800, len(ids), (2, 600))
same = (ids[a] == ids[b]).astype(float)
with torch.no_grad():
    closeness = -(embed(images[a]) - embed(images[b])).pow(2).sum(1).sqrt()
print(closeness[:10], same[:10])
