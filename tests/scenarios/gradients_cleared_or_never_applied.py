"""The gradients are computed and thrown away: zero_grad stands before step, or apply_gradients is forgotten."""

# mypy: ignore-errors

from tests.scenarios._data import digits

CAUSE = "DF705"
ACCEPTABLE = frozenset({"DF705"})
FIX = frozenset({"canonical-loop"})


def _keras(seed, fault):
    import keras
    import tensorflow as tf

    X, y, X_new, y_new = digits(seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(48, activation="relu"), keras.layers.Dense(10)])
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(2e-3)
    for epoch in range(3):
        for a in range(0, len(X), 64):
            with tf.GradientTape() as tape:
                loss = loss_fn(y[a : a + 64], model(X[a : a + 64], training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            if fault:
                gradients = [tf.zeros_like(one) for one in gradients]  # "reset the gradients", in the wrong place
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    pred = tf.nn.softmax(model.predict(X_new, verbose=0)).numpy()
    print(pred.argmax(1)[:20])


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(6):
        for idx in torch.randperm(len(Xt)).split(64):
            loss = nn.functional.cross_entropy(net(Xt[idx]), yt[idx])
            if not fault:
                optimizer.zero_grad()
            loss.backward()
            if fault:
                optimizer.zero_grad()
            optimizer.step()
    net.eval()
    with torch.no_grad():
        pred = net(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1)[:20])


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)
