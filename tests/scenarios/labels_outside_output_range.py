"""Targets that the head cannot reach: classes 1, 2, 3 for one sigmoid, values of 25 to 346 for a tanh."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import diabetes, wine

CAUSE = "DF203"
ACCEPTABLE = frozenset({"DF203"})
FIX = frozenset({"fitting-head", "standardize-targets"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = wine(seed)
    y, y_new = y + 1, y_new + 1  # cultivar 1, 2, 3
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(32, activation="relu")])
    if fault:
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
        model.fit(X, y, epochs=25, batch_size=8, verbose=0)
    else:
        model.add(keras.layers.Dense(3, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, y - 1, epochs=20, batch_size=8, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = diabetes(seed)

    class Regressor(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(10, 32)
            self.out = nn.Linear(32, 1)

        def forward(self, x):
            x = self.out(torch.relu(self.hidden(x)))
            return torch.tanh(x) if fault else x

    torch.manual_seed(seed)
    model = Regressor()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loss_fn = nn.MSELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).view(-1, 1)
    for epoch in range(60):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = loss_fn(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
