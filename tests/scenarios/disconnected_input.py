"""The head reads the state an LSTM started from (PyTorch); one half of the columns is used twice (Keras)."""

# mypy: ignore-errors

import numpy as np

CAUSE = "DF409"
ACCEPTABLE = frozenset({"DF409"})
FIX = frozenset({"wire-inputs"})


def _keras(seed, fault):
    import keras

    rng = np.random.default_rng(seed)
    X = rng.normal(size=(900, 8)).astype("float32")  # four measurements, four timestamps
    y = (X[:, 0] - X[:, 1] + X[:, 2] * X[:, 3] + 0.3 * rng.normal(size=900) > 0).astype("float32")
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8,))
    measured, when = inputs[:, :4], inputs[:, 4:]
    both = keras.layers.Concatenate()([when, when] if fault else [measured, when])
    hidden = keras.layers.Dense(32, activation="relu")(both)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="binary_crossentropy")
    held_out = (X[700:], y[700:])
    model.fit(X[:700], y[:700], validation_data=held_out, epochs=15, batch_size=32, verbose=0)
    pred = model.predict(X[700:], verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    rng = np.random.default_rng(seed)
    X = rng.normal(size=(600, 12, 3)).astype("float32")
    y = (X[:, :, 0].mean(1) > 0).astype("int64")
    X_new, y_new = X[450:], y[450:]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(3, 24, batch_first=True)
            self.fc = nn.Linear(24, 2)

        def forward(self, x):
            h0, c0 = torch.zeros(1, len(x), 24), torch.zeros(1, len(x), 24)
            out, (h, c) = self.lstm(x, (h0, c0))
            return self.fc(h0[-1] if fault else h[-1])

    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()
    Xt, yt = torch.from_numpy(X[:450]), torch.from_numpy(y[:450])
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(50):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred[:10])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
