"""Rows and labels no longer belong together: one side is shifted by a row, or reversed."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips, friedman

CAUSE = "DF202"
ACCEPTABLE = frozenset({"DF202"})
FIX = frozenset({"re-pair-labels"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    if fault:
        y = np.concatenate([y[-1:], y[:-1]])  # a header line was counted as a row, the last label moved to the front
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((10,))
    x = keras.layers.Dense(32, activation="relu")(inputs)
    x = keras.layers.Dense(16, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = friedman(seed)
    if fault:
        y = y[::-1].copy()
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).unsqueeze(1)
    for epoch in range(30):
        for xb, yb in zip(Xt.split(50), yt.split(50)):
            loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.metrics import r2_score
    from sklearn.neural_network import MLPRegressor

    X, y, X_new, y_new = friedman(seed)
    if fault:
        y = y[::-1]
    reg = MLPRegressor(hidden_layer_sizes=(32,), learning_rate_init=3e-3, max_iter=80, random_state=seed).fit(X, y)
    pred = reg.predict(X_new)
    print("R2", r2_score(y_new, pred))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)


def broken_sklearn(seed: int) -> None:
    _sklearn(seed, fault=True)


def healthy_sklearn(seed: int) -> None:
    _sklearn(seed, fault=False)
