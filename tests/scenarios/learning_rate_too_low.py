"""Plenty of epochs, and a step so small that the network is as fresh as on the first day."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF502"
ACCEPTABLE = frozenset({"DF502"})
FIX = frozenset({"step-times-100"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = wine(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.Dense(32, activation="sigmoid"),
            keras.layers.Dense(32, activation="sigmoid"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(learning_rate=1e-5 if fault else 1e-2), "sparse_categorical_crossentropy")
    model.fit(X, y, epochs=40, batch_size=16, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1))


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1), nn.Sigmoid())
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5 if fault else 1e-1, momentum=0.5)
    criterion = nn.BCELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = criterion(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    rate = 1e-5 if fault else 0.5
    clf = MLPClassifier((32, 32), "logistic", solver="sgd", learning_rate_init=rate, momentum=0.5, tol=0, max_iter=60)
    clf.set_params(batch_size=32, random_state=seed, n_iter_no_change=60).fit(X, y)
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
