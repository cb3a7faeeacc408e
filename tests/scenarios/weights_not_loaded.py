"""The network is built again for prediction, and what was trained does not get into it."""

# mypy: ignore-errors

import os
import tempfile

from tests.scenarios._data import cancer

CAUSE = "DF603"
ACCEPTABLE = frozenset({"DF603"})
FIX = frozenset({"load-weights"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((30,)),
            keras.layers.Dense(64, activation="sigmoid"),
            keras.layers.Dense(64, activation="sigmoid"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
    model.fit(X, y, epochs=15, batch_size=32, verbose=0)
    server = keras.models.clone_model(model)  # the architecture only
    if not fault:
        server.set_weights(model.get_weights())
    pred = server.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = cancer(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
            self.head = nn.Linear(32, 1)

        def forward(self, x):
            return torch.sigmoid(self.head(self.body(x)))

    torch.manual_seed(seed)
    model = nn.DataParallel(Net())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCELoss()
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(1)
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(32):
            optimizer.zero_grad()
            criterion(model(Xt[idx]), yt[idx]).backward()
            optimizer.step()
    path = os.path.join(tempfile.mkdtemp(), "net.pt")
    torch.save(model.state_dict(), path)

    net = Net()
    state = torch.load(path)
    if not fault:
        state = {name.removeprefix("module."): value for name, value in state.items()}
    net.load_state_dict(state, strict=False)  # "module.body.0.weight" is not "body.0.weight"
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
