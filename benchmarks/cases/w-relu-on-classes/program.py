# Net from the "60 minutes" tutorial, changed for my blood cell features. All rows get 0 0 0 0
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_blobs
from sklearn.preprocessing import scale

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

X, y = make_blobs(1000, n_features=12, centers=4, cluster_std=4.0, random_state=seed)
X = torch.tensor(scale(X), dtype=torch.float32)
y = torch.tensor(y)
train_x, train_y, test_x, test_y = X[:750], y[:750], X[750:], y[750:]


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(12, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 4)
        self.fc3.bias.data.fill_(-2.0)  # no cell type is likely a priori

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return x


net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

for epoch in range(20):
    running_loss = 0.0
    for i in range(0, 750, 25):
        inputs, labels = train_x[i : i + 25], train_y[i : i + 25]
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    if epoch % 5 == 0:
        print("[%d] loss: %.3f" % (epoch + 1, running_loss / 30))

print("Finished Training")
with torch.no_grad():
    scores = net(test_x)
print(scores[:5])
print("accuracy: %d %%" % (100 * (scores.argmax(1) == test_y).float().mean()))
