"""Predictions (n, 1) meet targets (n,): every prediction is compared with every target and the mean wins."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import friedman

CAUSE = "DF305"
ACCEPTABLE = frozenset({"DF305"})
FIX = frozenset({"match-shapes"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = friedman(seed)
    X, X_new = X[:, None, :], X_new[:, None, :]  # one time step, as for a recurrent layer
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((1, 10)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    if not fault:
        model.add(keras.layers.Flatten())
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.fit(X, y, epochs=60, batch_size=200, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y, X_new, y_new = friedman(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.MSELoss()
    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(y)), batch_size=200, shuffle=True)
    for epoch in range(120):
        for xb, yb in loader:
            out = model(xb)
            loss = criterion(out, yb if fault else yb.unsqueeze(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.tensor(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
