"""Ten ReLU layers drawn twice too wide: what the rows differ by doubles at every layer, and an ordinary step is thrown. The twin has He's draws."""

# mypy: ignore-errors

from tests.scenarios._data import wine

CAUSE = "DF405"
ACCEPTABLE = frozenset({"DF405", "DF602"})
FIX = frozenset({"reinitialize", "batch-norm"})

DEPTH = 10


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = wine(seed)
    keras.utils.set_random_seed(seed)
    draw = keras.initializers.VarianceScaling(9.7 if fault else 2.0, "fan_in", "untruncated_normal", seed=seed)
    model = keras.Sequential([keras.Input((13,))])
    for _ in range(DEPTH):
        model.add(keras.layers.Dense(48, activation="relu", kernel_initializer=draw.clone()))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy")
    model.fit(X, y, epochs=30, batch_size=16, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred.argmax(1))


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)
    torch.manual_seed(seed)
    layers, width = [], 13
    for _ in range(DEPTH):
        linear = nn.Linear(width, 48)
        nn.init.kaiming_normal_(linear.weight)
        linear.weight.data *= 2.2 if fault else 1.0
        layers += [linear, nn.ReLU()]
        width = 48
    net = nn.Sequential(*layers, nn.Linear(48, 3))
    opt = torch.optim.SGD(net.parameters(), lr=0.01)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(30):
        for idx in torch.randperm(len(Xt)).split(16):
            opt.zero_grad()
            nn.functional.cross_entropy(net(Xt[idx]), yt[idx]).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
