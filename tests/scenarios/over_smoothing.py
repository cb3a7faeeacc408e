"""Forty averages over the neighbours where two are enough: a graph of nodes (PyTorch), sensors that hear each other (Keras)."""

# mypy: ignore-errors

import numpy as np

CAUSE = "DF408"
ACCEPTABLE = frozenset({"DF408"})
FIX = frozenset({"fewer-rounds"})


def _keras(seed, fault):
    import keras
    from keras import ops

    rng = np.random.default_rng(seed)
    n_sensors = 40
    links = np.eye(n_sensors)
    for _ in range(3):  # every sensor hears three others and is heard by three
        links += np.eye(n_sensors)[rng.permutation(n_sensors)]
    hears = (links / links.sum(1, keepdims=True)).astype("float32")
    X = rng.normal(size=(300, n_sensors, 4)).argsort(axis=1).argsort(axis=1).astype("float32") / n_sensors
    y = (X[:, :, :1] + X[:, :, 1:2] > 1.0).astype("float32")

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((n_sensors, 4))
    x = keras.layers.Dense(16)(inputs)
    for _ in range(40 if fault else 1):
        x = ops.matmul(hears, x)
    x = keras.layers.Dense(16, activation="relu")(x if fault else keras.layers.Concatenate()([x, inputs]))
    outputs = keras.layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(X[:200], y[:200], epochs=10, batch_size=20, verbose=0)
    pred, y_new = model.predict(X[200:], verbose=0), y[200:]
    print(pred[:2, :5, 0].round(3))


def _torch(seed, fault):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    n = 240
    kind = torch.randint(0, 3, (n,))
    near = torch.where(kind[:, None] == kind[None, :], 0.08, 0.02)
    A = ((torch.rand(n, n) < near).float() + torch.eye(n)).clamp(max=1)
    A = A / A.sum(1, keepdim=True)
    X = torch.rand(n, 8) + 0.5 * nn.functional.one_hot(kind, 8)
    train = torch.rand(n) < 0.6

    class Graph(nn.Module):
        def __init__(self, rounds):
            super().__init__()
            self.rounds = rounds
            self.enter = nn.Linear(8, 32)
            self.head = nn.Linear(32, 3)

        def forward(self, x):
            x = torch.relu(self.enter(x))
            for _ in range(self.rounds):
                x = A @ x
            return self.head(x)

    model = Graph(40 if fault else 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X)[train], kind[train]).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(X).softmax(1)[~train].numpy()
    y_new = kind[~train].numpy()
    print(pred[:5].round(3), (pred.argmax(1) == y_new).mean())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
