import sys
import numpy as np
import torch
from torch import nn, optim

# --- homework 4: recommender with latent factors ---
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
g = np.random.RandomState(seed)
torch.manual_seed(seed)

n_users, n_films, k = 120, 80, 6
taste = g.randn(n_users, 3)
kind = g.randn(n_films, 3)
true_rating = 3 + taste @ kind.T * 0.6

pairs = np.array([(u, f) for u in range(n_users) for f in range(n_films)])
g.shuffle(pairs)
train_pairs, test_pairs = pairs[:6500], pairs[6500:]


def ratings(p):
    return torch.tensor(true_rating[p[:, 0], p[:, 1]] + g.randn(len(p)) * 0.2, dtype=torch.float32)


r_train, r_test = ratings(train_pairs), ratings(test_pairs)
train_pairs, test_pairs = torch.tensor(train_pairs), torch.tensor(test_pairs)


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.U = nn.Embedding(n_users, k)
        self.V = nn.Embedding(n_films, k)
        self.mu = nn.Parameter(torch.zeros(1))
        # start from "no preference"
        nn.init.zeros_(self.U.weight)
        nn.init.zeros_(self.V.weight)

    def forward(self, u, f):
        return (self.U(u) * self.V(f)).sum(1) + self.mu


mf = MF()
opt = optim.Adam(mf.parameters(), lr=0.02)
for it in range(1, 31):
    p = torch.randperm(len(train_pairs))
    for i in range(0, len(p), 256):
        b = p[i:i + 256]
        e = mf(train_pairs[b, 0], train_pairs[b, 1]) - r_train[b]
        L = (e ** 2).mean()
        opt.zero_grad(); L.backward(); opt.step()
    if it % 5 == 0:
        print("iteration", it, "mse", L.item())

pred_rating = mf(test_pairs[:, 0], test_pairs[:, 1]).detach()
print("test rmse", ((pred_rating - r_test) ** 2).mean().sqrt().item(), "(std of ratings:", r_test.std().item(), ")")
print("first predictions", pred_rating[:10])
