"""Predictions collected in a loop, each the same buffer that the last row filled last."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF803"
ACCEPTABLE = frozenset({"DF803"})
FIX = frozenset({"copy-outputs"})


def _trained_keras(seed):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=16, verbose=0)
    return model, X_new, y_new


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)

    class Scorer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
            self.answer = torch.zeros(512, 1)

        def forward(self, x):
            logits = self.layers(x)
            if self.training or not fault:
                return logits
            self.answer[: len(x)] = logits  # no new memory per request
            return self.answer[: len(x)]

    torch.manual_seed(seed)
    model = Scorer()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    criterion = nn.BCEWithLogitsLoss()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(15):
        for idx in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            criterion(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        answers = [model(torch.from_numpy(row[None])) for row in X_new]
    pred = torch.cat(answers).numpy()
    print(pred[:10].ravel())


def _trained_sklearn(seed):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    clf = MLPClassifier((16,), max_iter=150, random_state=seed, alpha=1.0).fit(X, y)
    return clf, X_new, y_new


def broken_keras(seed: int) -> None:
    model, X_new, y_new = _trained_keras(seed)
    results = []
    buffer = np.empty(1, dtype=np.float32)  # one allocation for the whole service
    for row in X_new:
        buffer[:] = model(row[None]).numpy()[0]
        results.append(buffer)
    pred = np.array(results)
    print(pred[:10].ravel())


def healthy_keras(seed: int) -> None:
    model, X_new, y_new = _trained_keras(seed)
    results = []
    buffer = np.empty(1, dtype=np.float32)
    for row in X_new:
        buffer[:] = model(row[None]).numpy()[0]
        results.append(buffer.copy())
    pred = np.array(results)
    print(pred[:10].ravel())


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)


def broken_sklearn(seed: int) -> None:
    clf, X_new, y_new = _trained_sklearn(seed)
    pred, out = [], np.zeros(2)
    for row in X_new:
        np.copyto(out, clf.predict_proba(row.reshape(1, -1))[0])
        pred.append(out)
    pred = np.array(pred)
    print(pred[:10])


def healthy_sklearn(seed: int) -> None:
    clf, X_new, y_new = _trained_sklearn(seed)
    pred, out = [], np.zeros(2)
    for row in X_new:
        np.copyto(out, clf.predict_proba(row.reshape(1, -1))[0])
        pred.append(out.copy())
    pred = np.array(pred)
    print(pred[:10])
