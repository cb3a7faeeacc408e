"""Train the product-code reader.

usage: python program.py [seed] [--lr LR] [--epochs N]
"""
import argparse

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def make_model(lr):
    model = keras.Sequential(name="reader")
    model.add(keras.Input(shape=(8, 8, 1)))
    model.add(layers.Conv2D(16, 3, activation="relu", padding="same"))
    model.add(layers.Conv2D(32, 3, activation="relu", padding="same"))
    model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=lr),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


parser = argparse.ArgumentParser()
parser.add_argument("seed", type=int, nargs="?", default=0)
parser.add_argument("--lr", type=float, default=0.2)
parser.add_argument("--epochs", type=int, default=6)
opt = parser.parse_args()

keras.utils.set_random_seed(opt.seed)
bunch = load_digits()
x = (bunch.images / 16).astype("float32")[..., np.newaxis]
x_tr, x_te, y_tr, y_te = train_test_split(x, bunch.target, test_size=0.2, random_state=opt.seed)

reader = make_model(opt.lr)
reader.fit(x_tr, y_tr, epochs=opt.epochs, batch_size=64, verbose=2)
loss, acc = reader.evaluate(x_te, y_te, verbose=0)
print(f"test loss {loss:.3f} acc {acc:.3f}")
codes = reader.predict(x_te, verbose=0)
print(codes.argmax(1)[:40])
