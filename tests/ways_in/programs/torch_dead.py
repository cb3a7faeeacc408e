import torch
from sklearn.datasets import load_breast_cancer
from torch import nn

torch.manual_seed(0)
data = load_breast_cancer()
X = torch.tensor(data.data, dtype=torch.float32)
y = torch.tensor(data.target, dtype=torch.float32)
order = torch.randperm(len(X))
train, test = order[:400], order[400:]


class Trainer:
    def __init__(self, net, lr):
        self.net = net
        self.loss = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.SGD(net.parameters(), lr=lr)

    def fit(self, rows, targets, epochs, batch):
        for _epoch in range(epochs):
            shuffled = torch.randperm(len(rows))
            for i in range(0, len(rows), batch):
                picked = shuffled[i : i + batch]
                self.optimizer.zero_grad()
                loss = self.loss(self.net(rows[picked])[:, 0], targets[picked])
                loss.backward()
                self.optimizer.step()
        print("last loss", float(loss.detach()))


model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
trainer = Trainer(model, lr=0.01)
optimizer, criterion = trainer.optimizer, lambda out, target: trainer.loss(out[:, 0], target)
trainer.fit(X[train], y[train], epochs=30, batch=50)
model.eval()
with torch.no_grad():
    predictions = torch.sigmoid(model(X[test]))[:, 0]
print(predictions[:6])
