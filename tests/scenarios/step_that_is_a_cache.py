"""'Lower the learning rate': it is a bold one and nothing is wrong with it; the service returns the array of the last request."""

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
        [keras.Input((30,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    return model, X_new, y_new


def _trained_torch(seed):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    criterion = nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(20):
        for idx in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            criterion(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    return model.eval(), torch.from_numpy(X_new), y_new


def broken_keras(seed: int) -> None:
    model, X_new, y_new = _trained_keras(seed)
    out, pred = np.zeros((1,), "float32"), []

    def score(row):
        return model.predict_on_batch(row[None])[0]

    for row in X_new:
        out[:] = score(row)
        pred.append(out)
    pred = np.array(pred)
    print(pred[:10].ravel())


def healthy_keras(seed: int) -> None:
    model, X_new, y_new = _trained_keras(seed)
    pred = []
    for row in X_new:
        out = np.zeros((1,), "float32")
        out[:] = model.predict_on_batch(row[None])[0]
        pred.append(out)
    pred = np.array(pred)
    print(pred[:10].ravel())


def broken_torch(seed: int) -> None:
    import torch

    model, X_new, y_new = _trained_torch(seed)
    scores, out = [], torch.empty(1, 2)
    with torch.no_grad():
        for row in X_new:
            torch.softmax(model(row[None]), 1, out=out)
            scores.append(out)
    pred = torch.cat(scores).numpy()
    print(pred[:10])


def healthy_torch(seed: int) -> None:
    import torch

    model, X_new, y_new = _trained_torch(seed)
    scores, out = [], torch.empty(1, 2)
    with torch.no_grad():
        for row in X_new:
            torch.softmax(model(row[None]), 1, out=out)
            scores.append(out.clone())
    pred = torch.cat(scores).numpy()
    print(pred[:10])
