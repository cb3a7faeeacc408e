"""The running statistics of batch normalization have hardly moved from 0 and 1 when predict uses them."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF801"
ACCEPTABLE = frozenset({"DF801"})
FIX = frozenset({"recompute-statistics"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed, scaled=False)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.BatchNormalization() if fault else keras.layers.BatchNormalization(momentum=0.8),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=5, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed, scaled=False)
    momentum = 0.001 if fault else 0.1

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.bn0 = nn.BatchNorm1d(30, momentum=momentum)
            self.fc1 = nn.Linear(30, 32)
            self.bn1 = nn.BatchNorm1d(32, momentum=momentum)
            self.fc2 = nn.Linear(32, 1)

        def forward(self, x):
            x = torch.relu(self.bn1(self.fc1(self.bn0(x))))
            return self.fc2(x)

    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(10):
        model.train()
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            loss = criterion(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
