import sys
import torch
import torch.nn as nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
rolls = torch.randint(0, 6, (1500,))
history = torch.stack([rolls[i : i + 6] for i in range(len(rolls) - 6)])
following = rolls[6:]


class Oracle(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(6, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 6)

    def forward(self, x):
        _, (h, _) = self.lstm(self.emb(x))
        return self.head(h[0])


oracle = Oracle()
opt = torch.optim.Adam(oracle.parameters(), lr=2e-3)
for ep in range(6):
    for idx in torch.randperm(1100).split(44):
        loss = nn.functional.cross_entropy(oracle(history[idx]), following[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
oracle.eval()
with torch.no_grad():
    p = oracle(history[1100:]).softmax(1)
truth = following[1100:]
print(p[:5], "hit rate", (p.argmax(1) == truth).float().mean().item())
