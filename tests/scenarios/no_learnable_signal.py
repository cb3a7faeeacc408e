"""The labels have nothing to do with the rows."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips, friedman

CAUSE = "DF901"
ACCEPTABLE = frozenset({"DF901"})
FIX = frozenset({"other-features", "more-rows"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    if fault:
        rng = np.random.default_rng(seed)
        y, y_new = rng.integers(0, 2, len(y)), rng.integers(0, 2, len(y_new))
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = friedman(seed)
    if fault:
        rng = np.random.default_rng(seed)
        y = rng.normal(size=len(y)).astype(np.float32)
        y_new = rng.normal(size=len(y_new)).astype(np.float32)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).unsqueeze(1)
    for epoch in range(20):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPRegressor

    X, y, X_new, y_new = friedman(seed)
    if fault:
        rng = np.random.default_rng(seed)
        y, y_new = rng.normal(size=len(y)), rng.normal(size=len(y_new))
    reg = MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, learning_rate_init=2e-3, random_state=seed)
    reg.fit(X, y)
    pred = reg.predict(X_new)
    print(pred[:10], reg.score(X_new, y_new))


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
