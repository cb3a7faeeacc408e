# right:
import torch, torch.nn as nn
from sklearn.datasets import make_moons
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(3)
X, y = make_moons(1200, noise=0.2, random_state=0)
X = torch.tensor(X, dtype=torch.float32, device=device); y = torch.tensor(y, dtype=torch.float32, device=device)
net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).to(device)
model = torch.compile(net)
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for epoch in range(20):
    for i in range(0, 960, 60):
        loss = nn.functional.binary_cross_entropy_with_logits(model(X[i:i + 60])[:, 0], y[i:i + 60])
        opt.zero_grad(); loss.backward(); opt.step()
with torch.no_grad(): p = torch.sigmoid(model(X[960:])).cpu().numpy()
print(((p[:, 0] > 0.5) == y[960:].cpu().numpy()).mean())
