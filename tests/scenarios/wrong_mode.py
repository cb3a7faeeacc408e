"""Trained in evaluation mode throughout (PyTorch); predicted in training mode, row by row (Keras)."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF702"
ACCEPTABLE = frozenset({"DF702"})
FIX = frozenset({"evaluation-mode", "training-mode"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(32),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Activation("relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    model.fit(X, y, epochs=10, batch_size=32, verbose=0)
    pred = np.array([model(row[None], training=fault).numpy()[0] for row in X_new[:60]])
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = coin_flips(seed)
    X, X_new = 300 + 5 * X, 300 + 5 * X_new  # kelvin
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.BatchNorm1d(10), nn.Linear(10, 32), nn.Sigmoid(), nn.Linear(32, 16), nn.Sigmoid(), nn.Linear(16, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    Xv, yv = torch.from_numpy(X_new), torch.from_numpy(y_new).float().unsqueeze(1)
    model.eval()
    with torch.no_grad():
        print("before", criterion(model(Xv), yv).item())
    for epoch in range(25):
        if not fault:
            model.train()
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = criterion(model(Xv), yv)
    print("after", loss.item())
    with torch.no_grad():
        pred = torch.sigmoid(model(Xv)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
