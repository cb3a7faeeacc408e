# right: DF802
import torch, torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(6)
X, y = load_breast_cancer(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, random_state=0)
S = StandardScaler().fit(Xa)
Xa = torch.tensor(S.transform(Xa), dtype=torch.float32, device=device); ya = torch.tensor(ya, dtype=torch.float32, device=device)
net = nn.Sequential(nn.Linear(30, 32), nn.Tanh(), nn.Linear(32, 1)).to(device)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for e in range(40):
    for i in range(0, len(Xa), 32):
        opt.zero_grad(); nn.functional.binary_cross_entropy_with_logits(net(Xa[i:i+32])[:, 0], ya[i:i+32]).backward(); opt.step()
net.eval()
with torch.no_grad(): p = torch.sigmoid(net(torch.tensor(Xb, dtype=torch.float32, device=device))).cpu().numpy()
print(p[:6].ravel())
