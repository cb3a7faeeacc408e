# stacked autoencoder as in the old papers (sigmoid everywhere). Every reconstruction is the same blurry blob
import sys

import numpy as np
from sklearn.datasets import load_digits
from tensorflow import keras
from tensorflow.keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
ACT = "sigmoid"

pix = load_digits().data.astype("float32") / 16.0
rng = np.random.default_rng(seed)
rng.shuffle(pix)
x_train, x_test = pix[:1500], pix[1500:]

sizes = [56, 48, 40, 32]
ae = keras.Sequential([layers.Input((64,))], name="stacked_ae")
for s in sizes:
    ae.add(layers.Dense(s, activation=ACT))
for s in reversed(sizes[:-1]):
    ae.add(layers.Dense(s, activation=ACT))
ae.add(layers.Dense(64, activation="sigmoid", name="reconstruction"))
ae.compile(optimizer="adam", loss="binary_crossentropy")
ae.fit(x_train, x_train, epochs=15, batch_size=64, shuffle=True, verbose=0)

rec = ae.predict(x_test, verbose=0)
print("mse", float(((rec - x_test) ** 2).mean()), "mean image mse", float(((x_test.mean(0) - x_test) ** 2).mean()))
for row in rec[:2].reshape(2, 8, 8):
    print(np.round(row, 1))
