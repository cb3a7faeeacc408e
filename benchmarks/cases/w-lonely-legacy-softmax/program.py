# two kinds of striped / checked textures, old tutorial code (tf_keras because our TF models are pinned)
import sys

import numpy as np
import tensorflow as tf
import tf_keras as tk

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tk.utils.set_random_seed(seed)
r = np.random.RandomState(seed)
print("TF", tf.__version__, "keras", tk.__version__)


def textures(n, side=12):
    x = np.empty((n, side, side, 1), "float32")
    y = r.randint(0, 2, n)
    for i in range(n):
        a = np.sin(np.arange(side) * r.uniform(1.2, 2.0) + r.uniform(0, 6))
        b = np.sin(np.arange(side) * r.uniform(1.2, 2.0) + r.uniform(0, 6))
        img = np.tile(a, (side, 1)) if y[i] == 0 else np.outer(b, a)
        x[i, :, :, 0] = 0.5 + 0.4 * img + r.normal(0, 0.15, (side, side))
    return x, y.astype("float32")


x_train, y_train = textures(500)
x_val, y_val = textures(200)

m = tk.Sequential()
m.add(tk.layers.Conv2D(12, (3, 3), activation="relu", input_shape=(12, 12, 1)))
m.add(tk.layers.MaxPooling2D())
m.add(tk.layers.Conv2D(16, (3, 3), activation="relu"))
m.add(tk.layers.Flatten())
m.add(tk.layers.Dense(32, activation="relu"))
m.add(tk.layers.Dense(1, activation="softmax"))  # probability of "checked"
m.compile(loss="binary_crossentropy", optimizer=tk.optimizers.Adam(2e-3), metrics=["accuracy"])
hist = m.fit(x_train, y_train, batch_size=32, epochs=8, validation_data=(x_val, y_val), verbose=0)
print("val_accuracy", hist.history["val_accuracy"])
checked = m.predict(x_val, verbose=0)
print(checked[:10].T)
