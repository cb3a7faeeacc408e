"""A ReLU on the output: once its pre-activation is negative on every row, nothing moves any more."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import rare

CAUSE = "DF303"
ACCEPTABLE = frozenset({"DF303"})
FIX = frozenset({"fitting-head"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = rare(seed, n=8000, share=0.02)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1, activation="relu" if fault else "linear"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(X, y, epochs=5, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("claims expected:", pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = rare(seed, n=8000, share=0.02)
    torch.manual_seed(seed)
    layers = [nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1)]
    if fault:
        layers.append(nn.ReLU())
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()
    for epoch in range(5):
        for idx in torch.randperm(len(Xt)).split(32):
            loss = ((model(Xt[idx])[:, 0] - yt[idx]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print("claims expected:", pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
