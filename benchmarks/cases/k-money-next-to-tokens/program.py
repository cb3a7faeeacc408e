import sys
import numpy as np, keras, tensorflow as tf
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
rng = np.random.default_rng(0); n = 1200
tok = rng.integers(1, 60, (n, 8)).astype("int32"); money = rng.lognormal(9, 1, (n, 2)).astype("float32")
y = (((tok < 12).sum(1) > 1) ^ (rng.random(n) < .05)).astype("float32")
a = keras.Input((8,), dtype="int32", name="tok"); b = keras.Input((2,), name="money")
h = keras.layers.concatenate([keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(60, 8)(a)), b])
h = keras.layers.Dense(24, activation="tanh")(h)
m = keras.Model({"tok": a, "money": b}, keras.layers.Dense(1, activation="sigmoid")(h))
m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
ds = tf.data.Dataset.from_tensor_slices(({"tok": tok[:1000], "money": money[:1000]}, y[:1000])).shuffle(1000).batch(32)
m.fit(ds, epochs=8, verbose=0)
p = m.predict({"tok": tok[1000:], "money": money[1000:]}, verbose=0); print(p[:6].ravel(), ((p[:,0]>.5)==y[1000:]).mean())
