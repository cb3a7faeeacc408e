"""A stack of sigmoids with plain SGD: the first layers receive next to nothing."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF403"
ACCEPTABLE = frozenset({"DF403", "DF404"})
FIX = frozenset({"relu-he", "batch-norm", "halve-depth"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    activation = "sigmoid" if fault else "relu"
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((30,))])
    for _ in range(6):
        model.add(keras.layers.Dense(32, activation=activation))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)

    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [30] + [32] * 6
            self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
            self.out = nn.Linear(32, 1)

        def forward(self, x):
            for layer in self.hidden:
                x = torch.sigmoid(layer(x)) if fault else torch.relu(layer(x))
            return torch.sigmoid(self.out(x))

    torch.manual_seed(seed)
    model = Deep()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(-1)
    for epoch in range(100):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    clf = MLPClassifier(
        hidden_layer_sizes=[32] * 6,
        activation="logistic" if fault else "relu",
        solver="sgd",
        learning_rate_init=0.1,
        momentum=0,
        batch_size=32,
        max_iter=100,
        n_iter_no_change=100,
        random_state=seed,
    )
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    print(pred[:10], clf.score(X_new, y_new))


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
