import keras
import numpy as np
from sklearn.datasets import load_breast_cancer

keras.utils.set_random_seed(2)
X, y = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype("float32")
order = np.random.permutation(len(X))
X, y = X[order], y[order]

model = keras.Sequential()
model.add(keras.Input(shape=(30,)))
model.add(keras.layers.Dense(16, activation="relu"))
model.add(keras.layers.Dense(1, activation="softmax"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X[:400], y[:400], epochs=5, verbose=0)

predictions = model.predict(X[400:], verbose=0)
print(predictions[:5])
