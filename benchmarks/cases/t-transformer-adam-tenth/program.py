import sys
import torch, torch.nn as nn, numpy as np
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0); rng = np.random.default_rng(0)
N, L, V = 900, 16, 50
X = rng.integers(2, V, (N, L)); y = (np.isin(X, np.arange(2, 9)).sum(1) >= 3).astype(int)
X, y = torch.tensor(X), torch.tensor(y)
class T(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(V, 32); self.pos = nn.Parameter(torch.randn(L, 32) * .02)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.1)
        self.enc = nn.TransformerEncoder(layer, 2); self.head = nn.Linear(32, 2)
    def forward(self, x):
        return self.head(self.enc(self.e(x) + self.pos).mean(1))
net = T(); opt = torch.optim.Adam(net.parameters(), lr=0.1); ce = nn.CrossEntropyLoss()
for ep in range(6):
    net.train()
    perm = torch.randperm(700)
    for i in range(0, 700, 50):
        idx = perm[i:i+50]
        opt.zero_grad(); loss = ce(net(X[idx]), y[idx]); loss.backward(); opt.step()
    print(ep, loss.item())
net.eval()
with torch.no_grad(): pr = net(X[700:]).softmax(1)
print(pr[:5], "acc", (pr.argmax(1) == y[700:]).float().mean())
