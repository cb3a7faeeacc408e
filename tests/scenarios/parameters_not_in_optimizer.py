"""The optimizer steps, but not the weights of this network: only its head, or a network that was thrown away."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF703"
ACCEPTABLE = frozenset({"DF703"})
FIX = frozenset({"canonical-loop"})


def _keras(seed, fault):
    import keras
    import tensorflow as tf

    X, y, X_new, y_new = cancer(seed)

    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = keras.Sequential([keras.layers.Dense(32, activation="sigmoid") for _ in range(3)])
            self.head = keras.layers.Dense(1, activation="sigmoid")

        def call(self, inputs, training=False):
            return self.head(self.encoder(inputs))

        def train_step(self, data):
            x, target = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(x, target, self(x, training=True))
            weights = self.head.trainable_variables if fault else self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            return {"loss": loss}

    keras.utils.set_random_seed(seed)
    model = Classifier()
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)

    def build():
        return nn.Sequential(
            nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
        )

    torch.manual_seed(seed)
    model = build()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    if fault:
        model = build()  # start from fresh weights, as the cross-validation loop does
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(16):
            optimizer.zero_grad()
            loss = criterion(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
