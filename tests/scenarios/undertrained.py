"""A handful of updates: few rows, large batches, two or three epochs."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, digits

CAUSE = "DF506"
ACCEPTABLE = frozenset({"DF506"})
FIX = frozenset({"more-epochs", "step-times-10"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(64, activation="sigmoid"),
            keras.layers.Dense(64, activation="sigmoid"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=2 if fault else 60, batch_size=128, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10))
    opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(1 if fault else 20):
        for idx in torch.randperm(len(Xt)).split(256):
            opt.zero_grad()
            F.cross_entropy(net(Xt[idx]), yt[idx]).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        pred = F.softmax(net(torch.from_numpy(X_new)), dim=-1).numpy()
    print(pred[:3])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = digits(seed)
    clf = MLPClassifier((64, 64), activation="logistic", learning_rate_init=5e-3, max_iter=1 if fault else 60)
    clf.set_params(batch_size=256, random_state=seed)
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)
    print(pred[:3])


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
