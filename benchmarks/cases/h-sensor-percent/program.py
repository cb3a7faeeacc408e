import sys
import keras
import numpy as np
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.RandomState(seed)
X = rng.randn(1500, 4).astype("float32")
y = (0.5 + 0.03 * np.tanh(X[:, 0] - X[:, 1]) + 0.02 * X[:, 2] + 0.003 * rng.randn(1500)).astype("float32")
X_trn, y_trn, X_val, y_val = X[:1200], y[:1200], X[1200:], y[1200:]
reg = keras.Sequential([layers.Input((4,)), layers.Dense(32, activation="tanh"), layers.Dense(1)])
sched = keras.optimizers.schedules.CosineDecay(1e-2, 1900)
reg.compile(keras.optimizers.Adam(sched), "mse")
reg.fit(X_trn, y_trn, batch_size=32, epochs=50, verbose=0)
y_hat = reg.predict(X_val, verbose=0).ravel()
print(["%.1f" % v for v in y_hat[:12]])
print("std of predictions", y_hat.std())
