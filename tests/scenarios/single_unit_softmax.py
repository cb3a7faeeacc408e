"""A softmax over one unit is 1 whatever the row."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF301"
ACCEPTABLE = frozenset({"DF301"})
FIX = frozenset({"fitting-head"})


def _keras(seed, fault):
    import keras
    from keras import layers

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential()
    model.add(layers.Input(shape=(30,)))
    model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(1, activation="softmax" if fault else "sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1), nn.Softmax(dim=1) if fault else nn.Sigmoid()
    )
    optimizer = torch.optim.Adam(model.parameters())
    loss_fn = nn.BCELoss()
    X, y = torch.tensor(X), torch.tensor(y, dtype=torch.float32).reshape(-1, 1)
    for epoch in range(20):
        model.train()
        for start in range(0, len(X), 32):
            y_pred = model(X[start : start + 32])
            loss = loss_fn(y_pred, y[start : start + 32])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.tensor(X_new)).numpy()
    print(pred[:10])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
