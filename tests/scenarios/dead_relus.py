"""A layer of ReLUs that is 0 on every row from the first step on."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, digits

CAUSE = "DF401"
ACCEPTABLE = frozenset({"DF401"})
FIX = frozenset({"leaky-relu", "reinitialize", "relu-he"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed)
    init = keras.initializers.RandomUniform(-0.1, 0.0) if fault else "glorot_uniform"  # pixels are never negative
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, activation="relu", kernel_initializer=init),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=12, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1)[:20])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    for m in model[:-1]:
        if isinstance(m, nn.Linear):
            nn.init.xavier_uniform_(m.weight)
            nn.init.constant_(m.bias, -8.0 if fault else 0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()[:, None]
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    clf = MLPClassifier((32, 32), warm_start=True, max_iter=1, random_state=seed)
    clf.fit(X, y)  # one epoch, to have the arrays
    for i in range(2):
        clf.intercepts_[i] = np.full(32, -12.0 if fault else 0.1, dtype=np.float32)
    clf.set_params(max_iter=60)
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
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
