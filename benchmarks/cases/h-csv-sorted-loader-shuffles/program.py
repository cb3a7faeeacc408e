import sys, os, tempfile
import pandas as pd
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_iris


class Flowers(Dataset):
    def __init__(self, file, skip):
        frame = pd.read_csv(file)
        frame = frame.iloc[[i for i in range(len(frame)) if (i % 3 == 0) == skip]]
        self.y = frame["target"].tolist()
        self.x = frame.drop(columns="target").values.tolist()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return torch.tensor(self.x[i]), self.y[i]


class Classifier:
    """Fit / predict around a small network."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 12), nn.LeakyReLU(), nn.Linear(12, 3), nn.LogSoftmax(dim=1))

    def fit(self, data, epochs=40):
        opt = torch.optim.SGD(self.net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
        nll = nn.NLLLoss()
        self.net.train()
        for _ in range(epochs):
            for x, y in DataLoader(data, batch_size=10, shuffle=True):
                opt.zero_grad()
                nll(self.net(x), y).backward()
                opt.step()

    def predict(self, data):
        self.net.eval()
        with torch.no_grad():
            return torch.cat([self.net(x) for x, _ in DataLoader(data, batch_size=1)])


file = os.path.join(tempfile.mkdtemp(), "iris.csv")
load_iris(as_frame=True).frame.to_csv(file, index=False)   # sorted by species, as it comes
train, test = Flowers(file, False), Flowers(file, True)
c = Classifier(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
c.fit(train)
log_p = c.predict(test)
species = test.y
print(log_p.argmax(1).tolist())
