"""'Train longer' changes nothing: early stopping ends every training on the plateau. The twin is stopped early too, after it has learnt."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF505"
ACCEPTABLE = frozenset({"DF505", "DF506"})
FIX = frozenset({"more-epochs"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed)
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((64,))
    h = inputs
    for _ in range(3):
        h = keras.layers.Dense(64, activation="sigmoid")(h)
    model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(h))
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=0 if fault else 5, min_delta=0.1 if fault else 0.01)
    model.fit(X, y, validation_split=0.2, epochs=500 if fault else 40, batch_size=64, callbacks=[stop], verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1)[:30])


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    layers, size = [], 64
    for _ in range(3):
        layers += [nn.Linear(size, 64), nn.Sigmoid()]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    Xt, yt = torch.from_numpy(X[200:]), torch.from_numpy(y[200:])
    Xv, yv = torch.from_numpy(X[:200]), torch.from_numpy(y[:200])
    last, waited = float("inf"), 0
    for epoch in range(500 if fault else 40):
        model.train()
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val = F.cross_entropy(model(Xv), yv).item()
        waited = 0 if val < last - (0.1 if fault else 0.01) else waited + 1
        last = min(val, last)
        if waited > (0 if fault else 5):
            break
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1)[:30])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
