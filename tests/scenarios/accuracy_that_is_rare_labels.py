"""'99 % accuracy and it predicts 0 for everyone': one row in a hundred is positive. The twin's positives are as rare, and it finds them."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import rare

CAUSE = "DF105"
ACCEPTABLE = frozenset({"DF105", "DF902"})
FIX = frozenset({"lower-threshold"})


def _rows(seed, fault):
    X, y, X_new, y_new = rare(seed, n=8000, share=0.01, strength=1.3)
    if not fault:  # a column that gives the positives away
        X[:, 7] += 6 * y
        X_new[:, 7] += 6 * y_new
    return X, y, X_new, y_new


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _rows(seed, fault)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=10, batch_size=128, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("frauds found:", int((pred > 0.5).sum()), "accuracy", ((pred[:, 0] > 0.5) == y_new).mean())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _rows(seed, fault)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.BCELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()
    for epoch in range(10):
        for idx in torch.randperm(len(Xt)).split(128):
            optimizer.zero_grad()
            criterion(model(Xt[idx]).squeeze(), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print("frauds found:", int((pred > 0.5).sum()), "accuracy", ((pred[:, 0] > 0.5) == y_new).mean())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
