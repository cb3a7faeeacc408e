import sys
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 9
torch.manual_seed(seed)
rs = np.random.RandomState(seed)

n = 1500
hours = rs.gamma(3, 1500, n)
hp = rs.choice([75, 110, 145, 190, 240], n)
age = rs.randint(1, 25, n)
loader_arm = rs.rand(n) < 0.4
price = 380 * hp * np.exp(-0.05 * age) - 1.1 * hours + 4200 * loader_arm + rs.normal(0, 3000, n) + 15000
X = StandardScaler().fit_transform(np.c_[hours, hp, age, loader_arm]).astype("float32")
Y = price.astype("float32").reshape(-1, 1)
offset, scale = 0.0, 1.0

Xtr, Xte = torch.tensor(X[:1200]), torch.tensor(X[1200:])
Ytr, Yte = torch.tensor((Y[:1200] - offset) / scale), torch.tensor((Y[1200:] - offset) / scale)

net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
crit = nn.MSELoss()
opt = optim.Adam(net.parameters(), lr=1e-3)
dl = DataLoader(TensorDataset(Xtr, Ytr), batch_size=32, shuffle=True)

losses = []
for epoch in range(20):
    for xb, yb in dl:
        loss = crit(net(xb), yb)
        loss.backward()
        opt.zero_grad()
        opt.step()
        losses.append(loss.item())
    print("Epoch", epoch + 1, "loss", np.mean(losses[-len(dl):]))

with torch.no_grad():
    quote = net(Xte).numpy() * scale + offset
asked = Yte.numpy() * scale + offset
print(np.hstack([quote, asked])[:10].round())
