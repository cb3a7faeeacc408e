"""Looks like vanishing gradients (three sigmoid layers, gradient 0). The head has no gradient at all. The twin is the same stack, and learns."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips

CAUSE = "DF301"
ACCEPTABLE = frozenset({"DF301"})
FIX = frozenset({"fitting-head"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = coin_flips(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((10,))])
    for units in (64, 64, 64):
        model.add(keras.layers.Dense(units, activation="sigmoid"))
    model.add(keras.layers.Dense(1))
    model.add(keras.layers.Softmax() if fault else keras.layers.Activation("sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(X, y, epochs=25, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn

    X, y, X_new, y_new = coin_flips(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l1 = nn.Linear(10, 64)
            self.l2 = nn.Linear(64, 64)
            self.l3 = nn.Linear(64, 64)
            self.l4 = nn.Linear(64, 1)

        def forward(self, x):
            for layer in (self.l1, self.l2, self.l3):
                x = torch.sigmoid(layer(x))
            return F.softmax(self.l4(x), dim=-1) if fault else torch.sigmoid(self.l4(x))

    torch.manual_seed(seed)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().view(-1, 1)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            F.binary_cross_entropy(net(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
