"""Kernels drawn with a standard deviation of 0.001: six layers on, nothing of the row is left. The twin has the default draws."""

# mypy: ignore-errors

from tests.scenarios._data import cancer

CAUSE = "DF602"
ACCEPTABLE = frozenset({"DF602", "DF404"})
FIX = frozenset({"reinitialize"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    draw = keras.initializers.RandomNormal(stddev=1e-3) if fault else "he_normal"
    model = keras.Sequential([keras.Input((30,))])
    for _ in range(5):
        model.add(keras.layers.Dense(32, activation="relu", kernel_initializer=draw))
    model.add(keras.layers.Dense(1, activation="sigmoid", kernel_initializer=draw))
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
    model.fit(X, y, epochs=20, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)
    torch.manual_seed(seed)
    sizes = [30, 32, 32, 32, 32, 32]
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(32, 1))
    for one in net.modules():
        if isinstance(one, nn.Linear):
            nn.init.normal_(one.weight, std=1e-3) if fault else nn.init.kaiming_normal_(one.weight)
            nn.init.zeros_(one.bias)
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float()
    for epoch in range(20):
        for idx in torch.randperm(len(Xt)).split(32):
            opt.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(net(Xt[idx])[:, 0], yt[idx]).backward()
            opt.step()
    with torch.no_grad():
        pred = torch.sigmoid(net(torch.from_numpy(X_new))).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
