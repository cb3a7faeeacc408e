"""Dense layers upon dense layers without an activation, and one class that lies around the other."""

# mypy: ignore-errors

import numpy as np

CAUSE = "DF411"
ACCEPTABLE = frozenset({"DF411"})
FIX = frozenset({"relu-he"})


def _rings(seed, n=250):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(y, 0.5, 1.2) + rng.normal(0, 0.08, n)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)
    X, y = np.concatenate([X, -X]), np.concatenate([y, y])  # no line tells anything, not even by chance
    order = rng.permutation(len(X))
    X, y = X[order], y[order]
    return X[:400], y[:400], X[400:], y[400:]


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _rings(seed)
    keras.utils.set_random_seed(seed)
    bend = None if fault else "relu"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(32, activation=bend)])
    model.add(keras.layers.Dense(32, activation=bend))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _rings(seed)
    torch.manual_seed(seed)
    bend = nn.Identity if fault else nn.ReLU
    model = nn.Sequential(nn.Linear(2, 32), bend(), nn.Linear(32, 32), bend(), nn.Linear(32, 1))
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.005), nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = _rings(seed)
    clf = MLPClassifier((32, 32), activation="identity" if fault else "relu", max_iter=120, random_state=seed)
    pred = clf.fit(X, y).predict_proba(X_new)
    print(pred[:10])


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
