import sys
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

# ported from an old TF1 notebook
keep_prob = 0.97
learning_rate = 0.001
n_hidden_1 = 64
n_hidden_2 = 64
n_hidden_3 = 64
training_epochs = 40
batch_size = 16

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
torch.manual_seed(seed)
wine = load_wine()
order = np.random.permutation(len(wine.target))
X, Y = StandardScaler().fit_transform(wine.data)[order], wine.target[order]
X_train, Y_train = torch.Tensor(X[:120]), torch.LongTensor(Y[:120])
X_test, Y_test = torch.Tensor(X[120:]), torch.LongTensor(Y[120:])

mlp = nn.Sequential(
    nn.Linear(13, n_hidden_1), nn.ReLU(), nn.Dropout(keep_prob),
    nn.Linear(n_hidden_1, n_hidden_2), nn.ReLU(), nn.Dropout(keep_prob),
    nn.Linear(n_hidden_2, n_hidden_3), nn.ReLU(), nn.Dropout(keep_prob),
    nn.Linear(n_hidden_3, 3),
)
optimizer = torch.optim.Adam(mlp.parameters(), lr=learning_rate)
mlp.train()
for epoch in range(training_epochs):
    avg_cost = 0.
    for i in range(0, 120, batch_size):
        optimizer.zero_grad()
        cost = nn.functional.cross_entropy(mlp(X_train[i:i + batch_size]), Y_train[i:i + batch_size])
        cost.backward()
        optimizer.step()
        avg_cost += cost.item() / (120 / batch_size)
    print("Epoch:", epoch, "cost=", avg_cost)
mlp.eval()
pred = mlp(X_test).detach()
print(pred.argmax(1), Y_test)
