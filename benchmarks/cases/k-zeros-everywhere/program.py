import sys
import keras
import numpy as np
from sklearn.datasets import make_gaussian_quantiles

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
x, y = make_gaussian_quantiles(n_samples=1200, n_features=4, n_classes=2, random_state=seed)
train_x, train_y = x[:1000], y[:1000]
test_x, test_y = x[1000:], y[1000:]


def dense(n, act):
    return keras.layers.Dense(n, activation=act, kernel_initializer="zeros", bias_initializer="zeros")


ann = keras.models.Sequential([keras.layers.Input((4,)), dense(32, "relu"), dense(32, "relu"), dense(1, "sigmoid")])
ann.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
ann.fit(train_x, train_y, batch_size=25, epochs=15, verbose=0)
print(ann.evaluate(test_x, test_y, verbose=0))
pred = ann.predict(test_x, verbose=0)
print(set(np.round(pred.ravel(), 6)))
