"""Standardized rows, a deep enough network, and a step that kills every unit in the first updates."""

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
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)

    class MLP(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(*[step for _ in range(6) for step in (nn.Linear(64, 64), nn.ReLU())])
            self.classifier = nn.Linear(64, 10)

        def forward(self, x):
            return self.classifier(self.net(x))

    torch.manual_seed(seed)
    model = MLP()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.3 if fault else 0.001)
    criterion = nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X - 0.3), torch.from_numpy(y)
    for epoch in range(10):
        for idx in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            loss = criterion(model(inputs[idx]), labels[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new - 0.3)).softmax(1).numpy()
    print(pred.argmax(1)[:20])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = digits(seed)
    clf = MLPClassifier(
        hidden_layer_sizes=(64, 64, 64, 64),
        solver="adam",
        learning_rate_init=0.5 if fault else 0.001,
        batch_size=64,
        max_iter=20,
        random_state=seed,
    )
    clf.fit(X - 0.3, y)
    pred = clf.predict_proba(X_new - 0.3)
    print(clf.predict(X_new - 0.3)[:20], clf.loss_)


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
