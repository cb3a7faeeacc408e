import sys
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 42


def make_frame(n=1500):
    rng = np.random.default_rng(SEED)
    df = pd.DataFrame({
        "compactness": rng.uniform(0.6, 1.0, n),
        "surface": rng.uniform(500, 820, n),
        "wall": rng.uniform(240, 420, n),
        "height": rng.choice([3.5, 7.0], n),
        "glazing": rng.choice([0.0, 0.1, 0.25, 0.4], n),
    })
    load = 4.5 * df.height + 20 * df.glazing + 0.03 * df.wall - 12 * (df.compactness - 0.8) + rng.normal(0, 1.5, n)
    df["heating_load"] = (load - load.mean()) / load.std()
    return df


class HeatingDataset(Dataset):
    def __init__(self, frame):
        feats = frame.drop(columns="heating_load")
        feats = (feats - feats.mean()) / feats.std()
        self.x = torch.tensor(feats.values, dtype=torch.float32)
        self.y = torch.tensor(frame["heating_load"].values, dtype=torch.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Net(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return self.out(self.body(x))


torch.manual_seed(SEED)
data = HeatingDataset(make_frame())
train_set, test_set = random_split(data, [1200, 300])
loader = DataLoader(train_set, batch_size=32, shuffle=True)
net = Net(5)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)

for epoch in range(20):
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        out = net(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    if epoch % 5 == 0:
        print(epoch, running / len(loader))

net.eval()
xs, ys = zip(*[test_set[i] for i in range(len(test_set))])
with torch.no_grad():
    predicted = net(torch.stack(xs)).squeeze(1).numpy()
measured = torch.stack(ys).numpy()
print(predicted[:10])
