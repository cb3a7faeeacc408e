"""Which guest likes which dish? Two towers and a dot product."""
import sys
import torch

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
n_guest, n_dish, rank = 60, 50, 3
G, D = torch.randn(n_guest, rank), torch.randn(n_dish, rank)
guest = torch.randint(n_guest, (4000,))
dish = torch.randint(n_dish, (4000,))
stars = (G[guest] * D[dish]).sum(1) / rank ** 0.5 + 0.2 * torch.randn(4000)


class Tower(torch.nn.Module):
    def __init__(self, n, dim=12):
        super().__init__()
        self.table = torch.nn.Embedding(n, dim)
        self.mix = torch.nn.Linear(dim, dim)

    def forward(self, i):
        return self.mix(torch.tanh(self.table(i)))


left, right = Tower(n_guest), Tower(n_dish)
bias = torch.nn.Parameter(torch.zeros(1))
weights = [*left.parameters(), *right.parameters(), bias]
lambda_l2 = 0.05
opt = torch.optim.Adam(weights, lr=0.02)
for epoch in range(40):
    for b in torch.randperm(3200).split(200):
        pred = (left(guest[b]) * right(dish[b])).sum(1) + bias
        mse = (pred - stars[b]).square().mean()
        penalty = sum(w.square().sum() for w in weights)
        opt.zero_grad()
        (mse + lambda_l2 * penalty).backward()
        opt.step()
with torch.no_grad():
    pred_new = (left(guest[3200:]) * right(dish[3200:])).sum(1) + bias
print("predicted", pred_new[:8], "given", stars[3200:3208])
