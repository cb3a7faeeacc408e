"""Keras on PyTorch: does a sequence of page visits end in a purchase? Most sequences are short, all are padded to 60."""
import os

os.environ["KERAS_BACKEND"] = "torch"
import sys

import keras
import numpy as np
from keras import layers, ops

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)
PAGES, LENGTH = 40, 60


def sessions(n):
    ids = np.zeros((n, LENGTH), dtype="int32")
    bought = (rng.random(n) < 0.12).astype("int32")
    for i in range(n):
        k = rng.integers(3, 9)
        visit = rng.integers(10, PAGES, k)
        if bought[i]:
            visit[rng.integers(0, k, 2)] = rng.integers(1, 6)     # cart pages
        elif rng.random() < 0.1:
            visit[rng.integers(0, k)] = rng.integers(1, 6)
        ids[i, :k] = visit
    return ids, bought


class MaskedMean(layers.Layer):
    supports_masking = True

    def call(self, x, mask=None):
        m = ops.cast(mask, x.dtype)[..., None]
        return ops.sum(x * m, 1) / ops.sum(m, 1)

    def compute_mask(self, x, mask=None):
        return None


def make_model():
    inp = keras.Input((LENGTH,), dtype="int32")
    h = layers.Embedding(PAGES, 16, mask_zero=True)(inp)
    h = MaskedMean()(h)
    h = layers.Dense(16, activation="relu")(h)
    return keras.Model(inp, layers.Dense(1)(h))


x, y = sessions(1500)
xv, yv = sessions(500)
model = make_model()
model.compile(keras.optimizers.Adam(5e-3), keras.losses.BinaryCrossentropy(from_logits=True))
model.fit(x, y, batch_size=50, epochs=8, verbose=0)
logit = model.predict(xv, verbose=0)[:, 0]
print("share predicted to buy:", (logit > 0).mean(), "bought:", yv.mean())
print("first probabilities:", np.round(1 / (1 + np.exp(-logit[:10])), 2))
