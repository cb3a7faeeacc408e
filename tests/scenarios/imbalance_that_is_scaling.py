"""Looks like imbalance (one class in ten). Unscaled columns saturate the first layer. The twin has raw columns too, and learns."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, rare

CAUSE = "DF101"
ACCEPTABLE = frozenset({"DF101"})
FIX = frozenset({"standardize-inputs", "min-max-inputs"})


def _rows(seed, fault):
    if not fault:
        return cancer(seed, scaled=False)
    X, y, X_new, y_new = rare(seed, n=1600, share=0.1)
    center = np.array([1987, 2003, 1013, 298, 1500, 2011, 1005, 301], dtype=np.float32)
    return X + center, y, X_new + center, y_new


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _rows(seed, fault)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((X.shape[1],))])
    model.add(keras.layers.Dense(32, activation="sigmoid" if fault else "relu"))
    model.add(keras.layers.Dense(16, activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15 if fault else 40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _rows(seed, fault)
    torch.manual_seed(seed)
    first = nn.Tanh() if fault else nn.ReLU()
    model = nn.Sequential(nn.Linear(X.shape[1], 32), first, nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(15 if fault else 60):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
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
