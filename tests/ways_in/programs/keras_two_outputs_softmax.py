import keras
import numpy as np
from sklearn.datasets import load_breast_cancer


class TwoHeads(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.layers.Dense(24, activation="relu")
        self.size = keras.layers.Dense(1)
        self.benign = keras.layers.Dense(1, activation="softmax")

    def call(self, rows):
        hidden = self.body(rows)
        return self.size(hidden), self.benign(hidden)


keras.utils.set_random_seed(4)
X, benign = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype("float32")
size, X = X[:, 0], X[:, 1:]
y = [size, benign.astype("float32")]

model = TwoHeads()
model.compile(optimizer="adam", loss=["mse", "binary_crossentropy"])
model.fit(X, y, epochs=8, verbose=0)

predictions = np.concatenate(model.predict(X, verbose=0), axis=1)
