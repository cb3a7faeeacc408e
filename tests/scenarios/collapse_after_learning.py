"""It learns well; then the second stage begins with a learning rate meant for another optimizer and takes everything away."""

# mypy: ignore-errors

from tests.scenarios._data import cancer, digits

CAUSE = "DF507"
ACCEPTABLE = frozenset({"DF507"})
FIX = frozenset({"capped-learning-rate", "stop-before-collapse"})


def _keras(seed, fault):
    import keras

    X, y, X_new, y_new = cancer(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((30,))]
        + [keras.layers.Dense(32, activation="relu") for _ in range(4)]
        + [keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    late = 1.0 if fault else 1e-4
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, lr: 1e-3 if epoch < 15 else late)
    model.fit(X, y, epochs=25, batch_size=32, callbacks=[schedule], verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    criterion = nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)

    def run(optimizer, epochs):
        for epoch in range(epochs):
            for idx in torch.randperm(len(inputs)).split(64):
                optimizer.zero_grad()
                loss = criterion(model(inputs[idx]), labels[idx])
                loss.backward()
                optimizer.step()

    run(torch.optim.Adam(model.parameters(), lr=1e-3), 12)
    # fine-tuning with everything unfrozen
    run(torch.optim.Adam(model.parameters(), lr=1.0 if fault else 1e-4), 6)
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
