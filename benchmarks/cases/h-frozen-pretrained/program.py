import sys
import keras
import numpy as np
from keras import Model, layers
from sklearn.datasets import load_digits

s = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(s)
digits = load_digits()
images, labels = digits.images[..., None] / 16.0, digits.target

# pretrain on 0-4
src = labels < 5
inp = layers.Input((8, 8, 1))
x = layers.Conv2D(16, 3, activation="relu", padding="same")(inp)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.Flatten()(x)
features = layers.Dense(48, activation="relu")(x)
pre = Model(inp, layers.Dense(5, activation="softmax")(features))
pre.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
pre.fit(images[src], labels[src], epochs=8, verbose=0)

# transfer to 5-9, body frozen
backbone = Model(inp, features)
backbone.trainable = False
new_in = layers.Input((8, 8, 1))
clf = Model(new_in, layers.Dense(5, activation="softmax")(backbone(new_in, training=False)))
clf.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
rest = ~src
Xr, yr = images[rest], labels[rest] - 5
clf.fit(Xr[:600], yr[:600], epochs=15, verbose=0)
clf.summary()
out = clf.predict(Xr[600:], verbose=0)
print("transfer accuracy", np.mean(out.argmax(1) == yr[600:]))
