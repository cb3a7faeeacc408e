# siamese net: are two digits the same? loss sits at 0.69 for a while, that's normal
import sys

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

d = load_digits()
imgs = (d.images / 16).astype("float32")
lab = d.target
idx = rng.permutation(len(lab))
pool_train, pool_test = idx[:1300], idx[1300:]


def make_pairs(pool, n):
    left, right, same = [], [], []
    for _ in range(n):
        i = rng.choice(pool)
        if rng.random() < 0.5:
            j = rng.choice(pool[lab[pool] == lab[i]])
        else:
            j = rng.choice(pool[lab[pool] != lab[i]])
        left.append(imgs[i])
        right.append(imgs[j])
        same.append(float(lab[i] == lab[j]))
    return np.array(left), np.array(right), np.array(same, "float32")


L, R, S = make_pairs(pool_train, 3000)
Lt, Rt, St = make_pairs(pool_test, 400)

encoder = keras.Sequential(
    [
        layers.Input((8, 8)),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(32, activation="relu"),
        layers.Dense(16),
    ],
    name="encoder",
)
a, b = layers.Input((8, 8)), layers.Input((8, 8))
dist = layers.Lambda(lambda t: ops.abs(t[0] - t[1]))([encoder(a), encoder(b)])
out = layers.Dense(1, activation="sigmoid", name="same")(dist)
siamese = keras.Model([a, b], out)
siamese.compile(keras.optimizers.Adam(2e-3), loss="binary_crossentropy", metrics=["accuracy"])
siamese.fit([L, R], S, epochs=25, batch_size=64, verbose=0)

similar = siamese.predict([Lt, Rt], verbose=0)[:, 0]
print("accuracy", ((similar > 0.5) == St).mean())
for s, t in zip(similar[:10], St):
    print(f"{s:.4f}", "same" if t else "different")
