"""log(0): a loss written by hand takes the logarithm of probabilities that reach 0, and one NaN takes every weight with it."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF706"
ACCEPTABLE = frozenset({"DF706"})
FIX = frozenset({"logits-loss"})


def _targets(y):
    return np.eye(10, dtype=np.float32)[y]


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed)
    keras.utils.set_random_seed(seed)
    tiny = 0.0 if fault else 1e-6

    def entropy(y_true, p):
        return -keras.ops.sum(y_true * keras.ops.log(p + tiny) + (1 - y_true) * keras.ops.log(1 - p + tiny), axis=-1)

    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, activation="relu")])
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.Adam(5e-3), entropy)
    model.fit(X, _targets(y), epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1)[:20])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    tiny = 0.0 if fault else 1e-6
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(dim=1))
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    Xt, T = torch.from_numpy(X), torch.from_numpy(_targets(y))
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(32):
            p, t = net(Xt[idx]), T[idx]
            loss = -(t * (p + tiny).log() + (1 - t) * (1 - p + tiny).log()).sum(1).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).numpy()
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
