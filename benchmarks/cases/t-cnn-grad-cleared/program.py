import sys
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
d = load_digits()
X = torch.tensor(d.images / 16., dtype=torch.float32).unsqueeze(1); y = torch.tensor(d.target)
dl = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=64, shuffle=True)
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 3, padding=1); self.c2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc(x.flatten(1))
model = CNN()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(4):
    for xb, yb in dl:
        out = model(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    print(epoch, float(loss.detach()))
model.eval()
with torch.no_grad():
    pred = model(X[1400:]).argmax(1)
print(pred[:30], (pred == y[1400:]).float().mean())
