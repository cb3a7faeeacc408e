"""All weights start at zero, or at the same number."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF601"
ACCEPTABLE = frozenset({"DF601"})
FIX = frozenset({"reinitialize"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    init = "zeros" if fault else "he_normal"
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(32, kernel_initializer=init, activation="relu"),
            keras.layers.Dense(16, kernel_initializer=init, activation="relu"),
            keras.layers.Dense(1, kernel_initializer=init, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)

    def init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.zeros_(m.weight)
            nn.init.zeros_(m.bias)

    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
    if fault:
        model.apply(init_weights)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(16):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1))


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = wine(seed)
    clf = MLPClassifier((32, 32), learning_rate_init=0.005, batch_size=16, random_state=seed, warm_start=True)
    clf.set_params(max_iter=1).fit(X, y)
    if fault:  # "start from zero so that the result is reproducible"
        clf.coefs_ = [np.zeros_like(w) for w in clf.coefs_]
        clf.intercepts_ = [np.zeros_like(b) for b in clf.intercepts_]
    clf.set_params(max_iter=60).fit(X, y)
    pred = clf.predict_proba(X_new)
    print(pred.argmax(1))


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
