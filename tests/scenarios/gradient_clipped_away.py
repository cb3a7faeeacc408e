"""Gradients clipped at a ten-thousandth of their size before every step of SGD."""

# mypy: ignore-errors

from tests.scenarios._data import cancer, wine

CAUSE = "DF504"
ACCEPTABLE = frozenset({"DF504"})
FIX = frozenset({"clip-off"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(32, activation="sigmoid") for _ in range(2)]
    model = keras.Sequential([keras.Input((30,)), *layers, keras.layers.Dense(1, activation="sigmoid")])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, clipvalue=1e-6 if fault else 1.0)
    model.compile(optimizer=optimizer, loss="binary_crossentropy")
    model.fit(X, y, epochs=30, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(16):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1e-4 if fault else 1.0)
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
