"""Two one-hot columns against one sigmoid (PyTorch); class ids against three softmax columns (Keras); under MSE."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF204"
ACCEPTABLE = frozenset({"DF204"})
FIX = frozenset({"fitting-head"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = wine(seed)
    y = y.reshape(-1, 1) if fault else keras.utils.to_categorical(y)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((13,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(X, y, epochs=60, batch_size=16, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].round(3))


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    targets = np.eye(2)[y] if fault else y[:, None]
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.MSELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(targets).float()
    for epoch in range(60):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
