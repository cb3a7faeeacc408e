"""A penalty on the weights that pulls harder than the data: after a few epochs next to nothing is left to say."""

# mypy: ignore-errors

from tests.scenarios._data import cancer

CAUSE = "DF503"
ACCEPTABLE = frozenset({"DF503"})
FIX = frozenset({"weaker-regularization"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    penalty = keras.regularizers.L2(1.0 if fault else 1e-4)
    model = keras.Sequential([keras.Input((30,))])
    model.add(keras.layers.Dense(32, activation="relu", kernel_regularizer=penalty))
    model.add(keras.layers.Dense(1, activation="sigmoid", kernel_regularizer=penalty))
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="binary_crossentropy")
    model.fit(X, y, epochs=12, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=2.0 if fault else 1e-4)
    criterion = nn.BCEWithLogitsLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(12):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            loss = criterion(model(Xt[idx]), yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier

    X, y, X_new, y_new = cancer(seed)
    clf = MLPClassifier((32,), alpha=1e3 if fault else 1e-4, max_iter=60, random_state=seed)
    clf.set_params(batch_size=32, tol=0, n_iter_no_change=60).fit(X, y)
    pred = clf.predict_proba(X_new)[:, 1]
    print(pred[:10])


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
