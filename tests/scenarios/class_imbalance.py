"""Three rows in a hundred are positive: one hard label for everyone, and probabilities that rank well."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import rare

CAUSE = "DF105"
ACCEPTABLE = frozenset({"DF105", "DF902"})
FIX = frozenset({"lower-threshold"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = rare(seed, share=0.03 if fault else 0.5)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=64, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print("flagged:", int((pred > 0.5).sum()), "of", len(pred))


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = rare(seed, share=0.03 if fault else 0.5)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            criterion(model(Xt[idx]).squeeze(1), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print("flagged:", int((pred > 0.5).sum()), "of", len(pred))


def _sklearn(seed, fault):
    from sklearn.metrics import accuracy_score, confusion_matrix
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = rare(seed, share=0.03 if fault else 0.5)
    clf = MLPClassifier((16,), learning_rate_init=2e-3, max_iter=30, random_state=seed).fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    guessed = clf.predict(X_new)
    print(accuracy_score(y_new, guessed), confusion_matrix(y_new, guessed))


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
