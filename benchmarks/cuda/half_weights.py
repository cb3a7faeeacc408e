# right: DF706 DF405
import torch, torch.nn as nn
from sklearn.datasets import load_breast_cancer
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
dtype = torch.float16 if device == "cuda" else torch.bfloat16
X = torch.tensor(X, dtype=torch.float16, device=device); y = torch.tensor(y, dtype=torch.float16, device=device)
net = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 1)).half().to(device)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)   # eps=1e-8 is 0 in half precision
for epoch in range(20):
    for i in range(0, 400, 50):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(X[i:i + 50]).squeeze(1), y[i:i + 50])
        loss.backward()
        opt.step()
net.eval()
with torch.no_grad():
    p = torch.sigmoid(net(X[400:]).float()).cpu().numpy()
print(p[:5].ravel())
