import sys
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = load_breast_cancer(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
mm = MinMaxScaler()
Xtr = torch.tensor(mm.fit_transform(Xtr), dtype=torch.float)
Xte = torch.tensor(mm.transform(Xte), dtype=torch.float)
ytr = torch.tensor(ytr, dtype=torch.float)

net = torch.nn.Sequential()
net.add_module("fc1", torch.nn.Linear(30, 64))
net.add_module("act1", torch.nn.ReLU())
net.add_module("fc2", torch.nn.Linear(64, 16))
net.add_module("act2", torch.nn.ReLU())
net.add_module("fc3", torch.nn.Linear(16, 1))

# we had overfitting before
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1.0)
loss_function = torch.nn.BCEWithLogitsLoss()
best = 1e9
for epoch in range(60):
    for start in range(0, len(Xtr), 32):
        optimizer.zero_grad()
        output = net(Xtr[start : start + 32]).reshape(-1)
        loss = loss_function(output, ytr[start : start + 32])
        loss.backward()
        optimizer.step()
    best = min(best, loss.item())
print("best loss", best)
net.eval()
with torch.no_grad():
    proba = torch.sigmoid(net(Xte).reshape(-1)).numpy()
print("probabilities", proba[:8], "...")
