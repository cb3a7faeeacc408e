import sys
import torch, torch.nn as nn, numpy as np
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1); rng = np.random.default_rng(1)
V, L, N = 200, 60, 800
good = set(range(10, 40)); bad = set(range(40, 70))
seqs, labels = [], []
for i in range(N):
    lab = rng.integers(0, 2)
    n = rng.integers(5, 12)
    s = [int(rng.choice(list(good if lab else bad))) if rng.random() < .4 else int(rng.integers(70, V)) for _ in range(n)]
    seqs.append(s + [0] * (L - n)); labels.append(lab)
X = torch.tensor(seqs); y = torch.tensor(labels).float()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 16, padding_idx=0)
        self.rnn = nn.GRU(16, 24, batch_first=True)
        self.out = nn.Linear(24, 1)
    def forward(self, x):
        h, _ = self.rnn(self.emb(x))
        return self.out(h[:, -1]).squeeze(-1)
m = Net(); opt = torch.optim.SGD(m.parameters(), lr=0.05); crit = nn.BCEWithLogitsLoss()
for ep in range(10):
    for i in range(0, 640, 32):
        loss = crit(m(X[i:i+32]), y[i:i+32]); opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())
m.eval()
with torch.no_grad():
    p = torch.sigmoid(m(X[640:]))
print(p[:10], "acc", ((p > .5).float() == y[640:]).float().mean())
