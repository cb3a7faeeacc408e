import argparse
import numpy as np
import keras
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler


def get_data():
    x, y = make_friedman1(900, noise=1.0, random_state=12)
    x, y = StandardScaler().fit_transform(x), StandardScaler().fit_transform(y[:, None])[:, 0]
    return (x[:700], y[:700]), (x[700:], y[700:])


def get_model(lr):
    schedule = keras.optimizers.schedules.ExponentialDecay(lr, decay_steps=1, decay_rate=0.5, staircase=True)
    m = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(16, "relu"), keras.layers.Dense(1)])
    m.compile(keras.optimizers.Adam(schedule), "mse", metrics=["mae"])
    return m


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--epochs", type=int, default=40)
    a = parser.parse_args()
    keras.utils.set_random_seed(a.seed)
    (x, y), (x_val, y_val) = get_data()
    m = get_model(a.lr)
    m.fit(x, y, validation_data=(x_val, y_val), batch_size=20, epochs=a.epochs, verbose=0)
    pred = m.predict(x_val, verbose=0).squeeze()
    print("r2", 1 - np.mean((pred - y_val) ** 2) / np.var(y_val))


if __name__ == "__main__":
    main()
