import sys

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=seed)
X_train, X_test = torch.from_numpy(X_train).float(), torch.from_numpy(X_test).float()
y_train, y_test = torch.from_numpy(y_train), torch.from_numpy(y_test)


class Net:
    """my own little network, no torch.nn"""

    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = torch.randn(n_in, n_hidden) * 0.1
        self.b1 = torch.zeros(n_hidden)
        self.W2 = torch.randn(n_hidden, n_out) * 0.1
        self.b2 = torch.zeros(n_out)
        for p in self.params():
            p.requires_grad_()

    def params(self):
        return [self.W1, self.b1, self.W2, self.b2]

    def __call__(self, x):
        h = (x @ self.W1 + self.b1).clamp(min=0)
        return h @ self.W2 + self.b2


net = Net(30, 50, 2)
for epoch in range(20):
    for idx in torch.randperm(len(X_train)).split(32):
        loss = torch.nn.functional.cross_entropy(net(X_train[idx]), y_train[idx])
        loss.backward()
        with torch.no_grad():
            for p in net.params():
                p -= 0.05 * p.grad
                p.grad = None
    print(epoch, loss.item())
with torch.no_grad():
    scores = torch.softmax(net(X_test), 1)[:, 1]
print(scores[:10])
