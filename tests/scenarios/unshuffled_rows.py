"""The file is sorted by class and nobody shuffles: the network only remembers the last classes it saw."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF104"
ACCEPTABLE = frozenset({"DF104"})
FIX = frozenset({"shuffle"})


def _sorted(X, y, fault, seed):
    order = np.argsort(y, kind="stable") if fault else np.random.default_rng(seed).permutation(len(y))
    return X[order], y[order]


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    X, y = _sorted(X, y, fault, seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((10,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
    model.fit(X, y, epochs=10, batch_size=8, shuffle=False, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("share of ones:", (pred > 0.5).mean())


def _torch(seed, fault):
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y, X_new, y_new = coin_flips(seed)
    X, y = _sorted(X, y, fault, seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(y)), batch_size=8)
    for epoch in range(12):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(dim=1).numpy()
    print("predicted classes:", pred.argmax(1))


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = coin_flips(seed)
    X, y = _sorted(X, y, fault, seed)
    clf = MLPClassifier(
        (32, 32), solver="sgd", learning_rate_init=0.1, batch_size=8, max_iter=12, shuffle=False, random_state=seed
    )
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    print("predicted classes:", clf.predict(X_new))


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
