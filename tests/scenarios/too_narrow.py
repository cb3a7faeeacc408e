"""A stack of ReLU layers of one unit each: one of them is dead under almost every draw, and cuts the network."""

# mypy: ignore-errors

from tests.scenarios._data import cancer

CAUSE = "DF406"
ACCEPTABLE = frozenset({"DF406"})
FIX = frozenset({"widen-narrow-layers"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(32, activation="relu")])
    for _ in range(8):
        model.add(keras.layers.Dense(1 if fault else 16, activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy")
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(20 + seed)
    sizes = [30, 32, *[1 if fault else 16] * 8]
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        linear = nn.Linear(a, b)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(sizes[-1], 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(40):
        for idx in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            criterion(model(inputs[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred[:10])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    sizes = (32, *[1 if fault else 16] * 8)
    clf = MLPClassifier(sizes, max_iter=60, random_state=seed).fit(X, y)
    pred = clf.predict_proba(X_new)
    print(clf.predict(X_new)[:20])


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
