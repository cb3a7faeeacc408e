"""Dropout(0.95) where keep_prob=0.95 was meant."""

# mypy: ignore-errors

from tests.scenarios._data import cancer, wine

CAUSE = "DF410"
ACCEPTABLE = frozenset({"DF410"})
FIX = frozenset({"dropout-off"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    rate = 0.97 if fault else 0.03
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy")
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = wine(seed)
    keep_prob = 0.95
    p = keep_prob if fault else 1 - keep_prob
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(13, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 24), nn.ReLU(), nn.Dropout(p), nn.Linear(24, 3)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(60):
        model.train()
        for idx in torch.randperm(len(Xt)).split(16):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
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
