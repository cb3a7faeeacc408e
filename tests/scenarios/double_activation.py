"""The head ends in a sigmoid or softmax and it is applied once more."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, digits

CAUSE = "DF302"
ACCEPTABLE = frozenset({"DF302"})
FIX = frozenset({"fitting-head", "logits-loss"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    if fault:
        model.add(keras.layers.Activation("sigmoid"))
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy")
    model.fit(X, y, epochs=10, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel(), "->", (pred > 0.5).astype(int)[:10].ravel())


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn

    X, y, X_new, y_new = digits(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(64, 64)
            self.fc2 = nn.Linear(64, 64)
            self.fc3 = nn.Linear(64, 10)

        def forward(self, x):
            x = self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))
            return F.softmax(x, dim=1) if fault else x

    torch.manual_seed(seed)
    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = criterion(net(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).numpy()
    print(pred[:5])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
