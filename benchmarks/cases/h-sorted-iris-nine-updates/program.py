import sys
import numpy as np, keras, tensorflow as tf
from sklearn.datasets import load_iris
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_iris(return_X_y=True); X = ((X - X.mean(0))/X.std(0)).astype("float32")
hold = np.arange(150) % 5 == 0
ds = tf.data.Dataset.from_tensor_slices((X[~hold], y[~hold])).batch(40).prefetch(2)
m = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(3, activation="softmax")])
m.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(ds, epochs=3, verbose=0)
p = m.predict(X[hold], verbose=0); print(p.argmax(1), m.evaluate(X[hold], y[hold], verbose=0))
