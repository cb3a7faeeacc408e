import argparse
import numpy as np
import tensorflow as tf
from tensorflow import keras

# Predict the flow temperature (degC) of a district heating boiler from weather + load, so that we can
# compare with what the controller does.


def simulate(n, rng):
    outside = rng.normal(4, 7, n)
    wind = rng.gamma(2, 2, n)
    hour = rng.integers(0, 24, n)
    load = rng.uniform(0.2, 1.0, n)
    flow = 72 - 0.9 * outside + 0.7 * wind + 5 * np.cos((hour - 7) / 24 * 2 * np.pi) + 9 * load + rng.normal(0, 1.5, n)
    x = np.stack([outside / 10, wind / 5, np.sin(hour / 24 * 2 * np.pi), np.cos(hour / 24 * 2 * np.pi), load], 1)
    return x.astype("float32"), flow.astype("float32")


class FlowModel:
    def __init__(self, hidden=24, out_activation="sigmoid", lr=0.01):
        self.net = keras.Sequential([
            keras.layers.Input((5,)),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(1, activation=out_activation),
        ])
        self.net.compile(optimizer=keras.optimizers.Adam(lr), loss="mse", metrics=["mae"])

    def train(self, x, y, epochs):
        stop = keras.callbacks.EarlyStopping(monitor="loss", patience=15)
        return self.net.fit(x, y, epochs=epochs, batch_size=64, verbose=0, callbacks=[stop])

    def __call__(self, x):
        return self.net.predict(x, verbose=0)[:, 0]


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("seed", nargs="?", type=int, default=1)
    p.add_argument("--epochs", type=int, default=60)
    args = p.parse_args()
    keras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    x_train, y_train = simulate(2000, rng)
    x_val, y_val = simulate(400, rng)
    model = FlowModel()
    hist = model.train(x_train, y_train, args.epochs)
    flow_hat = model(x_val)
    print("mae", hist.history["mae"][-1])
    for a, b in list(zip(flow_hat, y_val))[:8]:
        print(f"predicted {a:6.2f}  measured {b:6.2f}")
