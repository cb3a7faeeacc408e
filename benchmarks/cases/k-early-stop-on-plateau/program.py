import sys

import keras
import numpy as np
from keras import callbacks, layers
from sklearn.datasets import make_moons

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
X, y = make_moons(1000, noise=0.15, random_state=seed)
X = (X - X.min(0)) / (X.max(0) - X.min(0))
Xtr, ytr, Xva, yva, Xte, yte = X[:600], y[:600], X[600:800], y[600:800], X[800:], y[800:]

model = keras.Sequential(name="moons")
model.add(layers.Input((2,)))
for _ in range(3):
    model.add(layers.Dense(64, activation="sigmoid"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])

stop = callbacks.EarlyStopping(monitor="val_loss", patience=2, min_delta=0.01, restore_best_weights=True)
hist = model.fit(Xtr, ytr, validation_data=(Xva, yva), epochs=120, batch_size=32, callbacks=[stop], verbose=0)
print("stopped after", len(hist.history["loss"]), "epochs, val_loss", hist.history["val_loss"])
p = model.predict(Xte, verbose=0)
print("predictions between", p.min(), "and", p.max())
