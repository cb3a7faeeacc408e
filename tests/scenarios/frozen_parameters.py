"""Everything that has to learn was frozen: leftovers of transfer learning, an off-by-one."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, wine

CAUSE = "DF701"
ACCEPTABLE = frozenset({"DF701"})
FIX = frozenset({"unfreeze"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    base = keras.Sequential(
        [keras.Input((30,))] + [keras.layers.Dense(32, activation="sigmoid") for _ in range(2)], name="encoder"
    )
    model = keras.Sequential([keras.Input((30,)), base, keras.layers.Dense(1, activation="sigmoid")])
    if fault:
        model.trainable = False  # meant for the encoder, before the head is trained
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
    )
    if fault:
        for p in list(model.parameters())[:-1]:  # freeze all but the last layer
            p.requires_grad = False
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr=3e-3)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(16):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
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
