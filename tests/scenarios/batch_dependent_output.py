"""The network standardizes by the mean and spread of its batch, and is then asked for one row at a time."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF804"
ACCEPTABLE = frozenset({"DF804"})
FIX = frozenset({"keep-statistics"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    mean, sd = X.mean(0, keepdims=True), X.std(0, keepdims=True)

    class Standardize(keras.layers.Layer):
        def call(self, x):
            if fault:
                return (x - keras.ops.mean(x, axis=0, keepdims=True)) / (keras.ops.std(x, axis=0, keepdims=True) + 1e-6)
            return (x - mean) / sd

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            Standardize(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred, y_new = np.concatenate([model.predict_on_batch(row[None]) for row in X_new[:60]]), y_new[:60]
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)

    class Net(nn.Module):
        def __init__(self, rows):
            super().__init__()
            self.register_buffer("low", rows.amin(0))
            self.register_buffer("high", rows.amax(0))
            self.layers = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 2))

        def forward(self, x):
            low, high = (x.amin(0), x.amax(0)) if fault else (self.low, self.high)
            return self.layers((x - low) / (high - low + 1e-6))

    torch.manual_seed(seed)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    model = Net(inputs)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(30):
        for idx in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            criterion(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.cat([model(torch.from_numpy(row).unsqueeze(0)).softmax(1) for row in X_new]).numpy()
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
