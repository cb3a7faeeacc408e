"""Somewhere between the weights and the loss the gradient is cut: a stop_gradient, a round trip through NumPy."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF704"
ACCEPTABLE = frozenset({"DF704"})
FIX = frozenset({"canonical-loop", "keep-the-graph"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.a = keras.layers.Dense(32, activation="sigmoid")
            self.b = keras.layers.Dense(32, activation="sigmoid")
            self.c = keras.layers.Dense(32, activation="sigmoid")
            self.out = keras.layers.Dense(1, activation="sigmoid")

        def call(self, x):
            h = self.c(self.b(self.a(x)))
            if fault:
                h = keras.ops.stop_gradient(h)  # kept from the self-supervised version
            return self.out(h)

    keras.utils.set_random_seed(seed)
    model = Net()
    model.compile(keras.optimizers.Adam(0.005), "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()
            )
            self.bias = nn.Parameter(torch.zeros(3))
            self.scores = nn.Linear(64, 3)

        def forward(self, x):
            out = self.scores(self.body(x))
            if fault:
                out = torch.from_numpy(np.clip(out.detach().numpy(), -50, 50))  # no overflow in the softmax
            return out + self.bias

    torch.manual_seed(seed)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(16):
            loss = nn.functional.cross_entropy(net(Xt[idx]), yt[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
