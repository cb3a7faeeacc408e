import sys
import keras
import numpy as np
from keras import layers, regularizers
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler


def build_model(depth, activation, l2):
    model = keras.Sequential([layers.Input((2,))])
    for i in range(depth):
        model.add(layers.Dense(24, activation=activation, kernel_regularizer=regularizers.l2(l2)))
    model.add(layers.Dense(1, activation="sigmoid", kernel_regularizer=regularizers.l2(l2)))
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    keras.utils.set_random_seed(seed)
    X, y = make_moons(1000, noise=0.2, random_state=seed)
    X = StandardScaler().fit_transform(X)
    model = build_model(depth=6, activation="sigmoid", l2=0.5)
    h = model.fit(X[:800], y[:800], epochs=15, batch_size=20, verbose=0)
    print("loss", h.history["loss"][::5], "accuracy", h.history["accuracy"][-1])
    p = model.predict(X[800:], verbose=0).ravel()
    print(p[:10])
