import io
import sys
import numpy as np
import torch as th
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
gen = np.random.RandomState(seed)
th.manual_seed(seed)

# two files from the lab, features.csv and labels.csv
raw = gen.normal(size=(700, 8))
real = (raw @ gen.normal(size=8) + 0.3 * gen.normal(size=700) > 0).astype(int)
features_csv = "a,b,c,d,e,f,g,h\n" + "\n".join(",".join("%.4f" % v for v in r) for r in raw)
labels_csv = "label\n" + "\n".join(str(v) for v in real)

feats = np.genfromtxt(io.StringIO(features_csv), delimiter=",", skip_header=1)
labels = np.genfromtxt(io.StringIO(labels_csv), skip_header=2)
feats = feats[: len(labels)]  # lengths were off by one

X = th.tensor(feats, dtype=th.float32)
y = th.tensor(labels, dtype=th.float32)

net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = th.optim.Adam(net.parameters(), lr=0.002, weight_decay=1e-3)

for ep in range(40):
    for idx in th.randperm(500).split(25):
        optimizer.zero_grad()
        l = criterion(net(X[idx]).view(-1), y[idx])
        l.backward()
        optimizer.step()
    if ep % 8 == 0:
        with th.no_grad():
            print(ep, l.item(), "val", criterion(net(X[500:]).view(-1), y[500:]).item())

with th.no_grad():
    p_test = net(th.tensor(raw[500:], dtype=th.float32)).view(-1).numpy()
print("val probs", p_test[:10])
print("std", p_test.std())
