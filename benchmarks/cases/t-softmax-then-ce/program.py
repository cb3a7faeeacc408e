import sys
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import make_classification
from sklearn.preprocessing import scale

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

X, y = make_classification(
    n_samples=1500, n_features=16, n_informative=8, n_redundant=2, n_classes=5,
    weights=[0.44, 0.14, 0.14, 0.14, 0.14], class_sep=1.6, n_clusters_per_class=1, random_state=11,
)
X = scale(X)
X_train, y_train = torch.Tensor(X[:1200]), torch.LongTensor(y[:1200])
X_test, y_test = torch.Tensor(X[1200:]), y[1200:]

net = nn.Sequential(
    nn.Linear(16, 64),
    nn.ReLU(),
    nn.Linear(64, 32),
    nn.ReLU(),
    nn.Linear(32, 5),
    nn.Softmax(dim=1),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.02)

for epoch in range(30):
    perm = np.random.RandomState(epoch).permutation(1200)
    epoch_loss = 0
    for s in range(0, 1200, 40):
        batch = perm[s : s + 40]
        optimizer.zero_grad()
        outputs = net(X_train[batch])
        loss = criterion(outputs, y_train[batch])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    if (epoch + 1) % 5 == 0:
        print("epoch %d loss %.4f" % (epoch + 1, epoch_loss / 30))

with torch.no_grad():
    P = net(X_test).numpy()
print("classes predicted", np.bincount(P.argmax(1), minlength=5))
print("acc", (P.argmax(1) == y_test).mean())
