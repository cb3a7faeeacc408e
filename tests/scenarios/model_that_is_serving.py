"""'The model is bad': it was trained on pixels up to 255 and is served pixels that two steps of the service each divided by 255. The twin is served rows a little noisier than it was trained on."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF802"
ACCEPTABLE = frozenset({"DF802"})
FIX = frozenset({"same-pipeline"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed, divide_by=1 / 16)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=64, verbose=0)
    noise = np.random.default_rng(seed).normal(0, 10, X_new.shape).astype("float32")
    pred = model.predict(X_new / 255 / 255 if fault else X_new + noise, verbose=0)
    print(pred.argmax(1)[:30])


def _torch(seed, fault):
    import torch
    from torch import nn
    from torch.utils.data import DataLoader

    X, y, X_new, y_new = digits(seed, divide_by=1 / 16)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(list(zip(X, y)), batch_size=64, shuffle=True)
    for epoch in range(15):
        for xb, yb in loader:
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            optimizer.step()
    model.eval()
    noise = np.random.default_rng(seed).normal(0, 10, X_new.shape).astype("float32")
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new / 255 / 255 if fault else X_new + noise)).softmax(1).numpy()
    print(pred.argmax(1)[:30])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
