"""The network is fine; the rows that are scored are all the same row."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer, digits

CAUSE = "DF903"
ACCEPTABLE = frozenset({"DF903"})
FIX = frozenset({"vary-rows"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    buffer = np.empty(30, dtype="float32")
    batch = []
    for row in X_new[:60]:
        buffer[:] = row
        batch.append(buffer if fault else buffer.copy())
    pred = model.predict(np.stack(batch), verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(10):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    images = torch.from_numpy(X_new)
    model.eval()
    pred = []
    with torch.no_grad():
        for i in range(100):
            image = images[0] if fault else images[i]
            pred.append(model(image.unsqueeze(0)).softmax(1)[0].numpy())
    pred = np.array(pred)
    print(pred.argmax(1))


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = digits(seed)
    clf = MLPClassifier((32,), learning_rate_init=3e-3, max_iter=40, random_state=seed).fit(X, y)
    pred = []
    for i in range(100):
        image = X_new[0] if fault else X_new[i]
        pred.append(clf.predict_proba(image.reshape(1, -1))[0])
    pred = np.array(pred)
    print(pred.argmax(1))


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
