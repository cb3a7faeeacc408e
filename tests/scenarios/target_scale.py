"""House prices in dollars: the network crawls towards a mean a hundred thousand steps away. The twin predicts thousands of the mean."""

# mypy: ignore-errors

from tests.scenarios._data import friedman

CAUSE = "DF106"
ACCEPTABLE = frozenset({"DF106", "DF502"})
FIX = frozenset({"standardize-targets"})


def _prices(seed, fault):
    X, y, X_new, y_new = friedman(seed)
    return (X, 250_000 + 80_000 * y, X_new, 250_000 + 80_000 * y_new) if fault else (X, y, X_new, y_new)


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = _prices(seed, fault)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0).ravel()
    print(pred[:8], y_new[:8])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = map(torch.from_numpy, _prices(seed, fault))
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 1))
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epoch in range(40):
        for idx in torch.randperm(len(X)).split(32):
            opt.zero_grad()
            loss = ((net(X[idx]).squeeze(1) - y[idx]) ** 2).mean()
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        pred = net(X_new).squeeze(1).numpy()
    y_new = y_new.numpy()
    print(pred[:8], y_new[:8])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPRegressor

    X, y, X_new, y_new = _prices(seed, fault)
    reg = MLPRegressor(hidden_layer_sizes=(40,), learning_rate_init=5e-3, max_iter=80, random_state=seed).fit(X, y)
    pred = reg.predict(X_new)
    print(pred[:8], y_new[:8])


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
