import sys
import numpy as np, torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
class WineDS(Dataset):
    def __init__(self, X, y, scaler=None):
        self.X = scaler.transform(X) if scaler is not None else X
        self.y = y
    def __len__(self): return len(self.X)
    def __getitem__(self, i):
        return torch.tensor(self.X[i], dtype=torch.float32), torch.tensor(self.y[i], dtype=torch.long)
d = load_wine()
Xa, Xb, ya, yb = train_test_split(d.data, d.target, test_size=.3, random_state=0, stratify=d.target)
sc = StandardScaler().fit(Xa)
train = DataLoader(WineDS(Xa, ya, sc), batch_size=16, shuffle=True)
test = DataLoader(WineDS(Xb, yb), batch_size=16)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
net = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Dropout(.2), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
lf = nn.CrossEntropyLoss()
for e in range(25):
    net.train()
    for xb, yb_ in train:
        opt.zero_grad(); l = lf(net(xb), yb_); l.backward(); opt.step()
net.eval(); preds = []
with torch.no_grad():
    for xb, yb_ in test:
        preds += net(xb).argmax(1).tolist()
print(preds, np.mean(np.array(preds) == yb))
