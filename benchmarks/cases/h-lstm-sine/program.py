import sys
import torch, numpy as np
from torch import nn
rng = np.random.default_rng(0)
t = np.arange(1200) * 0.1; s = np.sin(t) + 0.1 * rng.normal(size=1200)
W = 20
X = np.stack([s[i:i+W] for i in range(len(s) - W)])[..., None]; y = s[W:]
X = torch.tensor(X, dtype=torch.float32); y = torch.tensor(y, dtype=torch.float32)
class L(nn.Module):
    def __init__(self):
        super().__init__(); self.l = nn.LSTM(1, 16, batch_first=True); self.o = nn.Linear(16, 1)
    def forward(self, x): return self.o(self.l(x)[0][:, -1]).squeeze(-1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
m = L(); o = torch.optim.Adam(m.parameters(), 1e-2)
for e in range(6):
    for i in range(0, 900, 50):
        o.zero_grad(); l = nn.functional.smooth_l1_loss(m(X[i:i+50]), y[i:i+50]); l.backward(); o.step()
m.eval()
with torch.no_grad(): p = m(X[900:])
print(p[:5], y[900:905], ((p - y[900:]) ** 2).mean())
