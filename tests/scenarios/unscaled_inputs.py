"""Temperatures in kelvin, pressures in pascal, years: far from zero compared with their spread, into tanh units."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF101"
ACCEPTABLE = frozenset({"DF101"})
FIX = frozenset({"standardize-inputs", "min-max-inputs", "batch-norm"})


def _weather(seed):
    """Coin flips dressed as kelvin, hectopascal and years."""
    X, y, X_new, y_new = coin_flips(seed)
    center = np.array([290, 1013, 2015, 300, 1010, 295, 2010, 1015, 285, 2018], dtype=np.float32)
    return X + center, y, X_new + center, y_new


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _weather(seed)
    if not fault:
        mean, sd = X.mean(0), X.std(0)
        X, X_new = (X - mean) / sd, (X_new - mean) / sd
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(32, activation="tanh"),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=25, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("P(rain):", pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _weather(seed)
    if not fault:
        mean, sd = X.mean(0), X.std(0)
        X, X_new = (X - mean) / sd, (X_new - mean) / sd
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(25):
        order = torch.randperm(len(Xt))
        for i in range(0, len(Xt), 32):
            batch = order[i : i + 32]
            optimizer.zero_grad()
            loss = criterion(model(Xt[batch]), yt[batch])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print("P(rain):", pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    X, y, X_new, y_new = _weather(seed)
    if not fault:
        scaler = StandardScaler()
        X, X_new = scaler.fit_transform(X), scaler.transform(X_new)
    clf = MLPClassifier(hidden_layer_sizes=(32, 16), activation="tanh", max_iter=100, batch_size=32, random_state=seed)
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    print("accuracy", clf.score(X_new, y_new), pred[:10])


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
