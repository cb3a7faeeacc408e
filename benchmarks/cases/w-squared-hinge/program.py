import os

os.environ["KERAS_BACKEND"] = "torch"
import sys

import keras
import numpy as np

# Spam with an SVM-like loss: labels are -1 / +1, output tanh.
# Everything I print is -1.00 or 1.00, is that a bug?
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
gen = np.random.default_rng(seed)

VOCAB, N = 120, 1400
spam = gen.random(N) < 0.35
base = gen.dirichlet(np.ones(VOCAB) * 0.5)
tilt = base * np.exp(gen.normal(0, 1.2, VOCAB))
tilt /= tilt.sum()
counts = np.stack([gen.multinomial(30, tilt if s else base) for s in spam]).astype("float32")
X = np.log1p(counts)
y = np.where(spam, 1.0, -1.0).astype("float32")


def build(cfg):
    m = keras.Sequential([keras.Input((VOCAB,))])
    for w in cfg["hidden"]:
        m.add(keras.layers.Dense(w, activation=cfg["act"]))
    m.add(keras.layers.Dense(1, activation="tanh"))
    m.compile(optimizer=keras.optimizers.RMSprop(cfg["lr"]), loss="squared_hinge")
    return m


model = build({"hidden": [32], "act": "relu", "lr": 1e-3})
model.fit(X[:1000], y[:1000], epochs=12, batch_size=32, verbose=0)
margin = model.predict(X[1000:], verbose=0).ravel()
print(["%.2f" % m for m in margin[:20]])
print("accuracy", (np.sign(margin) == y[1000:]).mean(), "spam found", ((margin > 0) & (y[1000:] > 0)).sum())
is_spam = spam[1000:].astype(int)
