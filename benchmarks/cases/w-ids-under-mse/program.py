import os

os.environ["KERAS_BACKEND"] = "jax"
import sys

import keras
import numpy as np
from keras import layers
from sklearn.datasets import make_classification

# Five activity classes from accelerometer statistics. Every class gets about 0.2, whatever the row
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)


class Activities:
    NAMES = ["lie", "sit", "stand", "walk", "run"]

    def __init__(self, seed):
        self.x, self.y = make_classification(
            1500, 16, n_informative=10, n_classes=5, n_clusters_per_class=1, class_sep=2.0, random_state=seed
        )
        self.x = (self.x - self.x.mean(0)) / self.x.std(0)

    def split(self, k=1100):
        return self.x[:k], self.y[:k], self.x[k:], self.y[k:]


xa, ya, xb, yb = Activities(seed).split()

inputs = layers.Input((16,))
z = layers.Dense(48, activation="relu")(inputs)
z = layers.Dense(48, activation="relu")(z)
outputs = layers.Dense(5, activation="softmax")(z)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
model.fit(xa, ya[:, None], epochs=20, batch_size=64, verbose=0)
proba = model.predict(xb, verbose=0)
print([Activities.NAMES[k] for k in proba.argmax(axis=1)[:15]])
print(np.round(proba[:4], 3))
print("right:", np.mean(proba.argmax(axis=1) == yb))
