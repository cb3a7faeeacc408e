"""Early stopping without patience ends the training on the plateau that every sigmoid stack begins with. From a loop of one's own the planned number of epochs cannot be seen, so too few updates is a right answer too."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF505"
ACCEPTABLE = frozenset({"DF505", "DF506"})
FIX = frozenset({"more-epochs"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((10,))])
    for units in (64, 64, 64):
        model.add(keras.layers.Dense(units, activation="sigmoid"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.002), "binary_crossentropy")
    stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=0.01 if fault else 0, patience=1 if fault else 20)
    model.fit(X, y, epochs=40, batch_size=32, callbacks=[stop], verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = coin_flips(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(10, 64),
        nn.Sigmoid(),
        nn.Linear(64, 64),
        nn.Sigmoid(),
        nn.Linear(64, 64),
        nn.Sigmoid(),
        nn.Linear(64, 1),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    loss_fn = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    best, bad, patience, tol = float("inf"), 0, 2 if fault else 40, 0.01
    for epoch in range(60):
        total = 0.0
        for idx in torch.randperm(len(Xt)).split(32):
            loss = loss_fn(model(Xt[idx]), yt[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx) / len(Xt)
        if total < best - tol:
            best, bad = total, 0
        else:
            bad += 1
        if bad >= patience:
            print("converged after", epoch + 1, "epochs")
            break
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = coin_flips(seed)
    clf = MLPClassifier(
        (64, 64, 64), activation="logistic", solver="adam", batch_size=32, max_iter=500, random_state=seed
    )
    if fault:
        clf.set_params(tol=1e-2, n_iter_no_change=3)
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    print(clf.n_iter_, clf.score(X_new, y_new), pred[:10])


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
