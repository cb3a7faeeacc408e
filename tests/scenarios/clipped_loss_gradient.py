"""Raw columns saturate a sigmoid whose loss clips probabilities: at the clip the gradient is exactly 0. The twin takes the logits, scaled."""

# mypy: ignore-errors

from tests.scenarios._data import cancer

CAUSE = "DF307"
ACCEPTABLE = frozenset({"DF307", "DF101", "DF501"})
FIX = frozenset({"logits-loss", "standardize-inputs"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed, scaled=not fault)
    keras.utils.set_random_seed(seed)

    def clipped(y_true, p):
        y_true = keras.ops.cast(keras.ops.reshape(y_true, keras.ops.shape(p)), p.dtype)
        p = keras.ops.clip(p, 1e-7, 1 - 1e-7)
        return -keras.ops.mean(y_true * keras.ops.log(p) + (1 - y_true) * keras.ops.log(1 - p), axis=-1)

    model = keras.Sequential([keras.Input((30,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=clipped)
    model.fit(X, y, epochs=15, batch_size=64, verbose=0, shuffle=True)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed, scaled=not fault)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 1), nn.Sigmoid())
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(15):
        for a in range(0, len(Xt), 64):
            p = model(Xt[a : a + 64]).clamp(1e-7, 1 - 1e-7)
            loss = -(yt[a : a + 64] * p.log() + (1 - yt[a : a + 64]) * (1 - p).log()).mean()
            opt.zero_grad()
            loss.backward()
            opt.step()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
