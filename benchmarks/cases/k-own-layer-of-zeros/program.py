import sys
import numpy as np
import keras
from keras import ops
from sklearn.datasets import make_multilabel_classification

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)


class GatedDense(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="zeros", name="w")
        self.g = self.add_weight(shape=(shape[-1], self.units), initializer="zeros", name="g")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

    def call(self, x):
        return ops.relu(ops.matmul(x, self.w) + self.b) * ops.sigmoid(ops.matmul(x, self.g))


X, Y = make_multilabel_classification(1200, n_features=20, n_classes=5, n_labels=2, random_state=seed)
X = (X - X.mean(0)) / X.std(0)
tagger = keras.Sequential([keras.Input((20,)), GatedDense(32), GatedDense(32), keras.layers.Dense(5, activation="sigmoid")])
tagger.compile(optimizer="nadam", loss="binary_crossentropy")
tagger.fit(X[:1000], Y[:1000], epochs=15, batch_size=25, verbose=0)
tags = tagger.predict(X[1000:], verbose=0)
print(tags[:6].round(3))
