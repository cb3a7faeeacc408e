import sys
import numpy as np, keras
from sklearn.datasets import load_digits
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
d = load_digits(); X = d.images.astype("uint8") // 255; X = X.reshape(-1, 64); y = keras.utils.to_categorical(d.target)
m = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(.3), keras.layers.Dense(10, activation="softmax")])
m.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
m.fit(X[:1500], y[:1500], epochs=5, verbose=0, validation_split=.2)
print(m.predict(X[1500:], verbose=0)[:2])
