"""Raw columns times a step of .01: standardizing alone repairs it, a smaller step alone repairs it. Either name is right, both together are the truth."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF101"
ACCEPTABLE = frozenset({"DF101", "DF501"})
FIX = frozenset({"standardize-inputs", "step-divided-by-100", "step-divided-by-1000"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed, scaled=not fault)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed, scaled=not fault)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(60):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
