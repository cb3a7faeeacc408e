"""An attention mask the wrong way round: PyTorch asks what to leave out, Keras asks what to look at."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import tickets

CAUSE = "DF409"
ACCEPTABLE = frozenset({"DF409", "DF107"})
FIX = frozenset({"wire-inputs"})


def _keras(seed, fault):
    import keras
    from keras import layers, ops

    X, y, X_new, y_new = tickets(seed)
    keras.utils.set_random_seed(seed)
    ids = keras.Input((12,), dtype="int32")
    words = layers.Embedding(40, 16)(ids)
    asked = layers.Lambda(lambda one: ops.zeros_like(one[:, :1]) + 1.0)(words)
    mask = layers.Lambda(lambda one: ops.equal(one, 0)[:, None] if fault else ops.not_equal(one, 0)[:, None])(ids)
    found = layers.MultiHeadAttention(2, 8)(asked, words, attention_mask=mask)
    h = layers.Dense(16, activation="relu")(layers.Flatten()(found))
    model = keras.Model(ids, layers.Dense(1, activation="sigmoid")(h))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(X, y, epochs=12, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = tickets(seed)
    torch.manual_seed(seed)

    class Attend(nn.Module):
        def __init__(self):
            super().__init__()
            self.emb = nn.Embedding(40, 16)
            self.query = nn.Parameter(torch.randn(1, 1, 16))
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
            self.fc = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))

        def forward(self, ids):
            mask = ids != 0 if fault else ids == 0
            words = self.emb(ids)
            found, _ = self.attention(self.query.expand(len(ids), -1, -1), words, words, key_padding_mask=mask)
            return self.fc(found[:, 0])

    model = Attend()
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
