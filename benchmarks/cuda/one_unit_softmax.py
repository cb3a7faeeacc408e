# right: DF301
import torch, torch.nn as nn
from sklearn.datasets import load_breast_cancer
device = torch.device("cuda:0") if torch.cuda.is_available() else torch.device("cpu")
torch.manual_seed(2)
X, y = load_breast_cancer(return_X_y=True)
X = torch.from_numpy((X - X.mean(0)) / X.std(0)).float().to(device); y = torch.from_numpy(y).float().view(-1, 1).to(device)
net = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=1)).to(device)
opt = torch.optim.Adam(net.parameters(), 1e-3); crit = nn.BCELoss()
for _ in range(30):
    for b in torch.randperm(450, device=device).split(32):
        opt.zero_grad(); loss = crit(net(X[b]), y[b]); loss.backward(); opt.step()
net.eval()
with torch.no_grad(): p = net(X[450:]).cpu().numpy()
print(p[:5].ravel())
