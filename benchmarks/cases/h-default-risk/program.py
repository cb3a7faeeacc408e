import sys
import numpy as np
import keras
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)
n = 8000
income = rng.lognormal(10, 0.5, n)
balance = rng.gamma(2, 400, n)
student = rng.integers(0, 2, n)
logit = -7.2 + 0.0028 * balance - 0.4 * student - 0.3 * (np.log(income) - 10)
y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype("float32")
X = np.column_stack([np.log(income), balance, student])
X = (X - X.mean(0)) / X.std(0)
X_tr, y_tr, X_te, y_te = X[:6000], y[:6000], X[6000:], y[6000:]

model = keras.Sequential([layers.Input((3,)), layers.Dense(12, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC()])
model.fit(X_tr, y_tr, batch_size=64, epochs=12, verbose=0)
pd_hat = model.predict(X_te, verbose=0).ravel()
print("default rate", y.mean())
print("predicted PD of the first clients:", pd_hat[:15].round(4))
print("median", np.median(pd_hat), "99th percentile", np.quantile(pd_hat, 0.99))
