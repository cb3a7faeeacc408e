"""Weights drawn from [0, 1) and inputs that are never negative: every sigmoid sits at its end on every row."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF402"
ACCEPTABLE = frozenset({"DF402", "DF602"})
FIX = frozenset({"reinitialize", "relu-he"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed)
    init = keras.initializers.RandomUniform(0.0, 1.0) if fault else "glorot_uniform"
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((64,))
    h = keras.layers.Dense(64, activation="tanh", kernel_initializer=init)(inputs)
    h = keras.layers.Dense(64, activation="tanh", kernel_initializer=init)(h)
    outputs = keras.layers.Dense(10, activation="softmax")(h)
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, y, epochs=12, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1)[:20])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)

    class Classic(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(64, 64)
            self.b = nn.Linear(64, 64)
            self.c = nn.Linear(64, 10)
            if fault:
                self.a.weight.data = torch.rand(64, 64)
                self.b.weight.data = torch.rand(64, 64)

        def forward(self, x):
            x = torch.sigmoid(self.a(x))
            x = torch.sigmoid(self.b(x))
            return self.c(x)

    torch.manual_seed(seed)
    model = Classic()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    loss_fn = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(12):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            loss_fn(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1)[:20])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = digits(seed)
    rng = np.random.default_rng(seed)

    class MyMLP(MLPClassifier):
        def _init_coef(self, fan_in, fan_out, dtype):
            weights, bias = super()._init_coef(fan_in, fan_out, dtype)
            if fault and fan_out == 64:
                weights = 3 * rng.random((fan_in, fan_out)).astype(dtype)
            return weights, bias

    clf = MyMLP((64, 64), activation="logistic", learning_rate_init=5e-3, batch_size=64, max_iter=25, random_state=seed)
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)


def broken_sklearn(seed: int) -> None:
    _sklearn(seed, fault=True)


def healthy_sklearn(seed: int) -> None:
    _sklearn(seed, fault=False)
