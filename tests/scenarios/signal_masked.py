"""A mask with its comparison turned round, or columns shuffled one by one: what tells the labels stays outside."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import coin_flips, friedman

CAUSE = "DF107"
ACCEPTABLE = frozenset({"DF107"})
FIX = frozenset({"repair-input-step"})


def _kept(X, y, share, fault):
    """A mask for the columns that go with the labels, or, with the comparison turned round, for those that do not."""
    strength = np.abs([np.corrcoef(column, y)[0, 1] for column in X.T])
    limit = np.quantile(strength, share)
    return strength < limit if fault else strength >= limit


def _shuffled_apart(X, seed, fault):
    """A column's values drawn anew from that column: for one column that is an ablation, for all the end of the rows."""
    rng = np.random.default_rng(seed)
    X = X.copy()
    for k in range(X.shape[1] if fault else 1):
        X[:, k] = rng.permutation(X[:, k])
    return X


def _keras(seed, fault):
    import keras

    raw, y, raw_new, y_new = coin_flips(seed)
    rng = np.random.default_rng(seed)
    raw = np.hstack([raw, rng.random(raw.shape, dtype=np.float32)])
    raw_new = np.hstack([raw_new, rng.random(raw_new.shape, dtype=np.float32)])
    mask = _kept(raw, y, 0.4, fault)
    X, X_new = raw * mask, raw_new * mask
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(X, y, epochs=15, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    data, y, data_new, y_new = friedman(seed)
    X, X_new = _shuffled_apart(data, seed, fault), _shuffled_apart(data_new, seed, fault)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).unsqueeze(1)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(50):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def _sklearn(seed, fault):
    from sklearn.metrics import r2_score
    from sklearn.neural_network import MLPRegressor

    raw, y, raw_new, y_new = friedman(seed)
    X, X_new = _shuffled_apart(raw, seed, fault), _shuffled_apart(raw_new, seed, fault)
    reg = MLPRegressor(hidden_layer_sizes=(32,), learning_rate_init=3e-3, max_iter=80, random_state=seed).fit(X, y)
    pred = reg.predict(X_new)
    print("R2", r2_score(y_new, pred))


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
