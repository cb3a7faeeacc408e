import sys
import keras
import numpy as np
from keras import layers
from sklearn.datasets import make_moons

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = make_moons(1200, noise=0.15, random_state=4)
X = (X - X.mean(axis=0)) / X.std(axis=0)
Xtr, ytr, Xte, yte = X[:900], y[:900], X[900:], y[900:]
inputs = layers.Input((2,))
h = layers.Dense(64, activation="sigmoid")(inputs)
h = layers.Dense(64, activation="sigmoid")(h)
h = layers.Dense(64, activation="sigmoid")(h)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
hist = model.fit(Xtr, ytr, batch_size=16, epochs=50, verbose=0)
print("loss", np.round(hist.history["loss"], 4)[::5])
pred = model.predict(Xte, verbose=0)
print("acc", ((pred[:, 0] > 0.5) == yte).mean())
