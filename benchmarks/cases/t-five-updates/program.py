import sys
import numpy as np
import torch
import torch.nn as nn

EPOCHS = 6
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(SEED)
rng = np.random.RandomState(SEED)

# majority vote of bits
bits = rng.randint(0, 2, size=(1000, 9))
vote = (bits.sum(1) > 4).astype(np.float32)
x = torch.tensor(bits, dtype=torch.float32)
t = torch.tensor(vote)
x_tr, t_tr, x_te, t_te = x[:800], t[:800], x[800:], t[800:]


class Voter(nn.Module):
    def __init__(self):
        super().__init__()
        self.h1 = nn.Linear(9, 16)
        self.h2 = nn.Linear(16, 16)
        self.o = nn.Linear(16, 1)

    def forward(self, v):
        v = torch.sigmoid(self.h1(v))
        v = torch.sigmoid(self.h2(v))
        return torch.sigmoid(self.o(v))[:, 0]


voter = Voter()
opt = torch.optim.Adam(voter.parameters(), lr=1e-3)
for e in range(EPOCHS):
    opt.zero_grad()
    loss = nn.functional.binary_cross_entropy(voter(x_tr), t_tr)
    loss.backward()
    opt.step()
    print("epoch", e, "loss", loss.item())
out = voter(x_te).detach()
print(out[:10])
print("accuracy", ((out > 0.5) == (t_te > 0.5)).float().mean())
