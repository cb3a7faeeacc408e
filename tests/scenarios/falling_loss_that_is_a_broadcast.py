"""'The loss falls from 25,000 to 6,000, so it learns': it falls to the variance of the target, by the bias alone."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import diabetes

CAUSE = "DF305"
ACCEPTABLE = frozenset({"DF305"})
FIX = frozenset({"match-shapes"})


def _keras(seed, fault):
    import keras
    import tensorflow as tf

    X, y, X_new, y_new = diabetes(seed)

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(32, activation="relu")
            self.out = keras.layers.Dense(1)

        def call(self, x):
            return self.out(self.hidden(x))

        def train_step(self, data):
            x, target = data
            with tf.GradientTape() as tape:
                value = self(x, training=True)
                if not fault:
                    value = tf.squeeze(value, -1)
                loss = tf.reduce_mean((tf.squeeze(target) - value) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}

    keras.utils.set_random_seed(seed)
    model = Net()
    model.compile(keras.optimizers.Adam(0.05))
    model.fit(X, y, epochs=60, batch_size=83, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = diabetes(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x, t = torch.from_numpy(X), torch.from_numpy(y)
    if not fault:
        t = t[:, None]
    for step in range(400):
        loss = torch.mean((model(x) - t) ** 2)
        optimizer.zero_grad()
        loss.backward()
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
