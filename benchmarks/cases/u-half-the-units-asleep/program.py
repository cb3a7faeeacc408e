import argparse
import keras
import numpy as np
from sklearn.datasets import load_diabetes

p = argparse.ArgumentParser()
p.add_argument("seed", nargs="?", default=16, type=int)
args = p.parse_args()
keras.utils.set_random_seed(args.seed)

""" sparse ReLU code: half of the units start switched off (bias -30) and stay so """


class SparseStart(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        b = np.zeros(shape)
        b[: shape[0] // 2] = -30.0
        return keras.ops.convert_to_tensor(b, dtype=dtype or "float32")


X, y = load_diabetes(return_X_y=True)
X = X / X.std(0)
idx = np.random.permutation(len(X))
X, y = X[idx], y[idx]
y_mean, y_sd = y[:340].mean(), y[:340].std()

net = keras.Sequential()
net.add(keras.Input(shape=(10,)))
net.add(keras.layers.Dense(40, activation="relu", bias_initializer=SparseStart()))
net.add(keras.layers.Dense(20, activation="relu", bias_initializer=SparseStart()))
net.add(keras.layers.Dense(1))
net.compile(loss="mse", optimizer=keras.optimizers.Adam(2e-3))
stop = keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)
net.fit(X[:340], (y[:340] - y_mean) / y_sd, validation_split=0.15, epochs=60, batch_size=16, callbacks=[stop], verbose=0)

hidden = keras.Model(net.inputs, net.layers[0].output).predict(X, verbose=0)
print("units that are 0 for everybody:", int((hidden.max(0) == 0).sum()), "of", hidden.shape[1])
progression = net.predict(X[340:], verbose=0)[:, 0] * y_sd + y_mean
target = y[340:]
print("R2 on the test patients", 1 - ((progression - target) ** 2).mean() / target.var())
