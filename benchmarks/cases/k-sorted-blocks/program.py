import sys

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(SEED)
data = load_digits(n_class=5)
order = np.argsort(data.target, kind="mergesort")  # like flow_from_directory without shuffle
X, y = data.images[order][..., None] / 16.0, data.target[order]
test = np.zeros(len(y), bool)
test[::5] = True
train = np.where(~test)[0]


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(8, 3, activation="relu")
        self.pool = layers.GlobalMaxPooling2D()
        self.d1 = layers.Dense(32, activation="relu")
        self.d2 = layers.Dense(5)

    def call(self, x):
        return ops.softmax(self.d2(self.d1(self.pool(self.conv(x)))))


net = Net()
net.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
hist = net.fit(X[train], y[train], batch_size=16, epochs=10, shuffle=False, verbose=0)
print("training accuracy per epoch", np.round(hist.history["accuracy"], 2))
p = net.predict(X[test], verbose=0)
print("predicted", np.bincount(p.argmax(1), minlength=5), "true", np.bincount(y[test], minlength=5))
