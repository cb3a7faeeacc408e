import sys

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits


def data(seed):
    X, y = load_digits(return_X_y=True)
    idx = np.random.RandomState(seed).permutation(len(y))
    X = ((X - 4.9) / 6.0)[idx]
    y = y[idx]
    return (X[:1000], y[:1000]), (X[1000:1400], y[1000:1400]), (X[1400:], y[1400:])


def main(seed):
    keras.utils.set_random_seed(seed)
    (Xtr, ytr), (Xva, yva), (Xte, yte) = data(seed)
    model = keras.Sequential(
        [
            layers.Input((64,)),
            layers.Dense(64, activation="tanh"),
            layers.Dense(64, activation="sigmoid"),
            layers.Dense(64, activation="sigmoid"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    es = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="min", patience=4, restore_best_weights=True)
    model.fit(Xtr, ytr, validation_data=(Xva, yva), epochs=100, batch_size=32, callbacks=[es], verbose=2)
    probs = model.predict(Xte, verbose=0)
    print("test accuracy", (probs.argmax(1) == yte).mean())
    print("predicted classes", np.unique(probs.argmax(1)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
