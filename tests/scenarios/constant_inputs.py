"""Every row is the same when it reaches the network: a cast to integers, a misspelt column."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits, wine

CAUSE = "DF102"
ACCEPTABLE = frozenset({"DF102"})
FIX = frozenset({})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = wine(seed)
    columns = ["alcohol", "malic_acid", "ash", "alcalinity", "magnesium", "phenols", "flavanoids"]
    wanted = [c.upper() for c in columns] if fault else columns

    def features(rows):
        records = [dict(zip(columns, row)) for row in rows]
        return np.array([[record.get(c, 0.0) for c in wanted] for record in records], dtype="float32")

    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape=(7,))
    h = keras.layers.Dense(32, activation="relu")(inputs)
    outputs = keras.layers.Dense(3, activation="softmax")(h)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(features(X), y, epochs=20, batch_size=16, verbose=0)
    pred = model.predict(features(X_new), verbose=0)
    print(pred.argmax(axis=1))


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    X, y, X_new, y_new = digits(seed, divide_by=1.0)

    def to_tensor(images):
        scaled = torch.from_numpy(images) / 255
        return scaled.to(torch.uint8).float() if fault else scaled * 16

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(64, 64)
            self.fc2 = nn.Linear(64, 10)

        def forward(self, x):
            return self.fc2(F.relu(self.fc1(x)))

    torch.manual_seed(seed)
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    loader = DataLoader(TensorDataset(to_tensor(X), torch.from_numpy(y)), batch_size=64, shuffle=True)
    for epoch in range(10):
        for xb, yb in loader:
            opt.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        pred = net(to_tensor(X_new)).softmax(1).numpy()
    print(pred.argmax(axis=1)[:20])


def _sklearn(seed, fault):
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X, y, X_new, y_new = digits(seed, divide_by=1.0)
    to_unit = FunctionTransformer(lambda images: (images / 255).astype(np.uint8) if fault else images / 16)
    clf = make_pipeline(to_unit, MLPClassifier((64,), max_iter=40, random_state=seed))
    clf.fit(X, y)
    pred = clf.predict_proba(X_new)
    print(clf.predict(X_new)[:20])


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
