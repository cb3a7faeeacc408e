"""Looks like imbalance (class 0 for every row, 95 % accuracy). One missing value is the reason. The twin has rare positives and is fine."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import rare

CAUSE = "DF103"
ACCEPTABLE = frozenset({"DF103"})
FIX = frozenset({})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = rare(seed, share=0.05)
    X, X_new = X * 2, X_new * 2
    if fault:
        X[17, 3] = np.nan
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(np.bincount(pred.argmax(1), minlength=2), "accuracy", (pred.argmax(1) == y_new).mean())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = rare(seed, share=0.05)
    X, X_new = X * 2, X_new * 2
    if fault:
        X[17, 3] = np.inf
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(np.bincount(pred.argmax(1), minlength=2), "accuracy", (pred.argmax(1) == y_new).mean())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
