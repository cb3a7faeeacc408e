# right: DF801
import torch, torch.nn as nn
from sklearn.datasets import load_wine
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(5)
X, y = load_wine(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32).to(device); y = torch.tensor(y).to(device)
net = nn.Sequential(nn.BatchNorm1d(13, momentum=1e-4), nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3)).to(device)
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for e in range(25):
    for b in torch.randperm(140, device=device).split(20):
        opt.zero_grad(); nn.functional.cross_entropy(net(X[b]), y[b]).backward(); opt.step()
net.eval()
with torch.no_grad(): p = net(X[140:]).softmax(1).cpu().numpy()
print(p[:4])
