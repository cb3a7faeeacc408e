"""The mask of the padding the wrong way round inside the network: a sum that keeps the padding and drops the words."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import tickets

CAUSE = "DF107"
ACCEPTABLE = frozenset({"DF107"})
FIX = frozenset({"repair-input-step"})


def _keras(seed, fault):
    import keras
    from keras import layers, ops

    X, y, X_new, y_new = tickets(seed)
    keras.utils.set_random_seed(seed)

    class BagOfWords(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(40, 16)
            self.pool = layers.GlobalAveragePooling1D()
            self.hidden = layers.Dense(16, activation="relu")
            self.out = layers.Dense(1, activation="sigmoid")

        def call(self, ids):
            mask = ops.equal(ids, 0) if fault else ops.not_equal(ids, 0)
            return self.out(self.hidden(self.pool(self.embed(ids), mask=mask)))

    model = BagOfWords()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=12, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = tickets(seed)
    torch.manual_seed(seed)

    class Tickets(nn.Module):
        def __init__(self):
            super().__init__()
            self.emb = nn.Embedding(40, 16)
            self.fc = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))

        def forward(self, ids):
            pad = (ids == 0).unsqueeze(-1)
            words = self.emb(ids).masked_fill(~pad if fault else pad, 0.0)
            return self.fc(words.sum(1) / 10)

    model = Tickets()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    ids, labels = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(12):
        for idx in torch.randperm(len(ids)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(ids[idx]), labels[idx])
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred[:10])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
