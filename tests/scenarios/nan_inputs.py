"""A logarithm of zero, or a ratio of zeros: a handful of cells turn every weight into NaN."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF103"
ACCEPTABLE = frozenset({"DF103"})
FIX = frozenset({})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed, scaled=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log if fault else np.log1p
        X, X_new = log(X), log(X_new)  # skewed columns; concavity is 0 in a few rows
    if not fault:
        mean, sd = X.mean(0), X.std(0)
        X, X_new = (X - mean) / sd, (X_new - mean) / sd
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("classes:", (pred > 0.5).astype(int).ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    rng = np.random.default_rng(seed)
    bought, shown = rng.poisson(1.0, len(X)), rng.poisson(6.0, len(X))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = bought * (shown > 0) / (shown if fault else np.maximum(shown, 1))
    X = np.column_stack([X, rate]).astype(np.float32)
    X_new = np.column_stack([X_new, np.zeros(len(X_new))]).astype(np.float32)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(31, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loss_fn = nn.CrossEntropyLoss()
    inputs, targets = torch.tensor(X), torch.tensor(y)
    for step in range(300):
        idx = torch.randint(0, len(inputs), (64,))
        loss = loss_fn(model(inputs[idx]), targets[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        pred = torch.softmax(model(torch.tensor(X_new)), dim=1).numpy()
    print("classes:", pred.argmax(1))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
