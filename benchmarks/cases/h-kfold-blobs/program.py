import sys
import numpy as np
import torch
from torch import nn, optim
from sklearn.datasets import make_classification
from sklearn.model_selection import StratifiedKFold


class Net(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super(Net, self).__init__()
        self.l1 = nn.Linear(d_in, d_hidden)
        self.bn = nn.BatchNorm1d(d_hidden)
        self.drop = nn.Dropout(p=0.5)
        self.l2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.l2(self.drop(torch.relu(self.bn(self.l1(x)))))


def train_fold(X, y, epochs=12):
    net = Net(X.shape[1], 40, 3)
    crit = nn.CrossEntropyLoss()
    opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    for _ in range(epochs):
        net.train()
        perm = torch.randperm(len(X))
        for i in range(0, len(X), 32):
            j = perm[i : i + 32]
            opt.zero_grad()
            crit(net(X[j]), y[j]).backward()
            opt.step()
    net.eval()
    return net


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = make_classification(900, 16, n_informative=8, n_classes=3, n_clusters_per_class=1, random_state=seed)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
oof = np.zeros((len(X), 3))
for fold, (tr, va) in enumerate(StratifiedKFold(3, shuffle=True, random_state=seed).split(X, y)):
    net = train_fold(X[tr], y[tr])
    with torch.no_grad():
        oof[va] = net(X[va]).softmax(1).numpy()
    print("fold", fold, (oof[va].argmax(1) == y[va].numpy()).mean())
print("out of fold", (oof.argmax(1) == y.numpy()).mean())
