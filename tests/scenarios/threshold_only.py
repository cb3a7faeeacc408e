"""Every row is above one half because positives were weighted up; the ranking is as good as ever."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF902"
ACCEPTABLE = frozenset({"DF902"})
FIX = frozenset({"lower-threshold"})


def _survey(seed):
    """Coin flips where every fifth answer is a lie."""
    X, y, X_new, y_new = coin_flips(seed, n=2000)
    rng = np.random.default_rng(seed)
    return X, y ^ (rng.random(len(y)) < 0.2), X_new, y_new ^ (rng.random(len(y_new)) < 0.2)


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _survey(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=25, batch_size=32, class_weight={0: 1.0, 1: 25.0} if fault else None, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print((pred > 0.5).astype(int)[:20].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _survey(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(25.0) if fault else None)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(25):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print((pred > 0.5).astype(int)[:20].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = _survey(seed)
    clf = MLPClassifier(hidden_layer_sizes=(16,), learning_rate_init=2e-3, max_iter=40, random_state=seed)
    clf.fit(X, y, sample_weight=np.where(y == 1, 25.0, 1.0) if fault else None)
    pred = clf.predict_proba(X_new)[:, 1]
    print(clf.predict(X_new)[:20])


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
