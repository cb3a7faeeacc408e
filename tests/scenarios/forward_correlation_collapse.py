"""So many plain layers that all rows point the same way before the first step."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF404"
ACCEPTABLE = frozenset({"DF404", "DF403"})
FIX = frozenset({"halve-depth", "batch-norm"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((30,))
    for _ in range(20 if fault else 3):
        x = keras.layers.Dense(32, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    depth = 12 if fault else 2
    blocks = [nn.Sequential(nn.Linear(30 if i == 0 else 32, 32), nn.ReLU()) for i in range(depth)]
    model = nn.Sequential(*blocks, nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()[:, None]
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    sizes = (24,) * (14 if fault else 2)
    clf = MLPClassifier(
        sizes, "logistic" if fault else "tanh", solver="sgd", learning_rate_init=0.05, max_iter=60, random_state=seed
    )
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
