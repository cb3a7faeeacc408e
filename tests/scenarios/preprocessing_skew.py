"""Trained on standardized rows; served raw rows, or rows that were standardized one by one."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import cancer

CAUSE = "DF802"
ACCEPTABLE = frozenset({"DF802"})
FIX = frozenset({"same-pipeline"})


def _keras(seed, fault):
    import keras
    from sklearn.preprocessing import StandardScaler

    X, y, X_new, y_new = cancer(seed, scaled=False)
    scaler = StandardScaler().fit(X)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(scaler.transform(X), y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new if fault else scaler.transform(X_new), verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from sklearn.preprocessing import StandardScaler
    from torch import nn

    X, y, X_new, y_new = cancer(seed, scaled=False)
    scaler = StandardScaler()
    Xt = torch.tensor(scaler.fit_transform(X), dtype=torch.float32)
    yt = torch.from_numpy(y)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(20):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()

    def classify(row):
        row = row.reshape(1, -1)
        row = scaler.fit_transform(row) if fault else scaler.transform(row)
        with torch.no_grad():
            return model(torch.tensor(row, dtype=torch.float32)).softmax(1).numpy()[0]

    model.eval()
    pred = np.array([classify(row) for row in X_new])
    print(pred[:10])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    X, y, X_new, y_new = cancer(seed, scaled=False)
    scaler = StandardScaler()
    clf = MLPClassifier(hidden_layer_sizes=(32,), activation="tanh", max_iter=150, random_state=seed)
    clf.fit(scaler.fit_transform(X), y)
    served = X_new if fault else scaler.transform(X_new)
    pred = clf.predict_proba(served)
    print(clf.predict(served)[:20])


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
