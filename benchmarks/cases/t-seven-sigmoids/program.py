import sys
import torch, numpy as np
from torch import nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler
X, y = make_classification(1000, 20, n_informative=8, random_state=4)
X = StandardScaler().fit_transform(X).astype(np.float32)
class Deep(nn.Module):
    def __init__(self, depth=7):
        super().__init__()
        dims = [20] + [32] * depth
        self.hidden = nn.ModuleList([nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:])])
        self.last = nn.Linear(32, 1)
    def forward(self, x):
        for h in self.hidden:
            x = torch.sigmoid(h(x))
        return torch.sigmoid(self.last(x))
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
net = Deep(); opt = torch.optim.SGD(net.parameters(), lr=0.1); lossfn = nn.BCELoss()
Xt = torch.from_numpy(X[:800]); yt = torch.from_numpy(y[:800]).float().reshape(-1, 1)
for epoch in range(30):
    for s in range(0, 800, 40):
        opt.zero_grad()
        loss = lossfn(net(Xt[s:s+40]), yt[s:s+40])
        loss.backward(); opt.step()
    if epoch % 10 == 0: print(epoch, loss.item())
p = net(torch.from_numpy(X[800:])).detach().numpy().ravel()
print(p[:10], p.std())
