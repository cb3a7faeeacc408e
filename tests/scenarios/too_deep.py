"""Six to eight recurrent layers one upon the other under plain SGD; two of them learn the same rows in the same time."""

# mypy: ignore-errors

from tests.scenarios._data import digits

CAUSE = "DF407"
ACCEPTABLE = frozenset({"DF407"})
ONLY_BY_TRIAL = True
FIX = frozenset({"halve-depth"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = digits(seed)
    X, X_new = X.reshape(-1, 8, 8), X_new.reshape(-1, 8, 8)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((8, 8))])
    for _ in range(5 if fault else 1):
        model.add(keras.layers.LSTM(32, return_sequences=True))
    model.add(keras.layers.LSTM(32))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=15, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:5].round(2))


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(8, 32, num_layers=8 if fault else 2, batch_first=True)
            self.fc = nn.Linear(32, 10)

        def forward(self, x):
            out, _ = self.gru(x)
            return self.fc(out[:, -1])

    torch.manual_seed(seed)
    model = Reader()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    images, labels = torch.from_numpy(X).view(-1, 8, 8), torch.from_numpy(y)
    for epoch in range(15):
        for idx in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            criterion(model(images[idx]), labels[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new).view(-1, 8, 8)).softmax(1).numpy()
    print(pred[:5].round(2))


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
