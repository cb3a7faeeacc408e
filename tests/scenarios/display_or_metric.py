"""The sigmoid tells the rows apart; the line that prints labels takes the largest of its single column, or the whole part."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF904"
ACCEPTABLE = frozenset({"DF904"})
FIX = frozenset({"full-precision"})


def _scores_keras(seed):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=16, verbose=0)
    return model.predict(X_new, verbose=0), y_new


def _scores_torch(seed):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(15):
        for idx in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(X_new)), y_new


def _scores_sklearn(seed):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    clf = MLPClassifier((16,), max_iter=150, random_state=seed, alpha=1.0)
    clf.fit(X, y)
    return clf.predict_proba(X_new)[:, 1], y_new


def broken_keras(seed: int) -> None:
    scores, y_new = _scores_keras(seed)
    pred = np.argmax(scores, axis=1)
    print(pred)


def healthy_keras(seed: int) -> None:
    scores, y_new = _scores_keras(seed)
    pred = (scores[:, 0] > 0.5).astype(int)
    print(pred)


def broken_torch(seed: int) -> None:
    import torch

    out, y_new = _scores_torch(seed)
    _, predicted = torch.max(out, 1)
    pred = predicted.numpy()
    print("accuracy", (pred == y_new).mean())


def healthy_torch(seed: int) -> None:
    out, y_new = _scores_torch(seed)
    pred = (out > 0.5).int().numpy().ravel()
    print("accuracy", (pred == y_new).mean())


def broken_sklearn(seed: int) -> None:
    p, y_new = _scores_sklearn(seed)
    pred = p.astype(int)
    print(pred)


def healthy_sklearn(seed: int) -> None:
    p, y_new = _scores_sklearn(seed)
    pred = np.round(p).astype(int)
    print(pred)
