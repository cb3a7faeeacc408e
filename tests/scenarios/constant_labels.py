"""The label column was parsed wrongly: every label is 0."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF201"
ACCEPTABLE = frozenset({"DF201"})
FIX = frozenset({})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    column = ["benign " if label else "malignant " for label in y]
    wanted = "benign" if fault else "benign "
    labels = np.array([text == wanted for text in column]).astype("float32")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.RMSprop(0.005), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, labels, epochs=15, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:8])


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F

    X, y, X_new, y_new = cancer(seed)
    labels = torch.tensor((y > (1 if fault else 0.5)).astype(np.int64))
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    opt = torch.optim.RMSprop(net.parameters(), lr=0.005)
    x = torch.tensor(X)
    for _ in range(150):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        opt.step()
    with torch.no_grad():
        pred = F.softmax(net(torch.tensor(X_new)), dim=1).numpy()
    print(pred.argmax(1))


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    labels = (y > (1 if fault else 0.5)).astype(int)
    clf = MLPClassifier(hidden_layer_sizes=(16,), max_iter=60, random_state=seed)
    clf.fit(X, labels)
    pred = clf.predict(X_new)
    print(pred)


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
