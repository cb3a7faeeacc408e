"""'It must be the cache': the service keeps one buffer and copies it rightly; a step of 0.3 killed the network."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, digits

CAUSE = "DF501"
ACCEPTABLE = frozenset({"DF501"})
FIX = frozenset({"step-divided-by-10", "step-divided-by-100"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,))]
        + [keras.layers.Dense(32, activation="relu") for _ in range(8)]
        + [keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(learning_rate=0.3 if fault else 0.001), "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    out, pred = np.zeros((1,), "float32"), []
    for row in X_new[:40]:
        out[:] = model.predict_on_batch(row[None])[0]
        pred.append(out.copy())
    pred, y_new = np.array(pred), y_new[:40]
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    layers = [step for _ in range(6) for step in (nn.Linear(64, 64), nn.ReLU())]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.3 if fault else 0.001)
    criterion = nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X - 0.3), torch.from_numpy(y)
    for epoch in range(10):
        for idx in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            criterion(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    known = {}

    def classify(row):
        key = row.tobytes()
        if key not in known:
            with torch.no_grad():
                known[key] = model(torch.from_numpy(row)).softmax(0).numpy()
        return known[key]

    pred = np.array([classify(row) for row in X_new - 0.3])
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
