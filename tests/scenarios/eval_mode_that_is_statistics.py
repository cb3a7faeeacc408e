"""'It works without eval mode': a small convolutional network whose running statistics are still those of its first batches."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF801"
ACCEPTABLE = frozenset({"DF801"})
FIX = frozenset({"recompute-statistics"})


def _scans(seed):
    """Faint pencil on white paper: every pixel between 239 and 255."""
    X, y, X_new, y_new = digits(seed, divide_by=16 / 255)
    return 255 - X / 16, y, 255 - X_new / 16, y_new


def _keras(seed, fault):
    import keras
    from keras import layers

    X, y, X_new, y_new = _scans(seed)
    X, X_new = X.reshape(-1, 8, 8, 1), X_new.reshape(-1, 8, 8, 1)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.BatchNormalization(momentum=0.999 if fault else 0.8),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=5, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1)[:30])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = _scans(seed)
    m = 0.001 if fault else 0.1
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.BatchNorm2d(1, momentum=m),
        nn.Conv2d(1, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X).view(-1, 1, 8, 8), torch.from_numpy(y)
    model.train()
    for epoch in range(5):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new).view(-1, 1, 8, 8)).softmax(1).numpy()
    print(pred.argmax(1)[:30])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
