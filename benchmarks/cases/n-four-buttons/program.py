# A/B/C/D test: which colour of the button does a visitor click? (colour was the only thing that mattered to nobody)
import sys
import numpy as np
import keras
import tensorflow as tf

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
gen = np.random.default_rng(seed)
N = 2000
country = gen.integers(0, 12, N)
hour = gen.integers(0, 24, N)
device = gen.integers(0, 3, N)
clicked = gen.choice(4, N, p=[.31, .27, .22, .20])

def as_dict(s):
    return {"country": country[s], "hour": hour[s], "device": device[s]}

ds = tf.data.Dataset.from_tensor_slices((as_dict(slice(0, 1500)), clicked[:1500])).shuffle(1500).batch(64)
ins = {k: keras.Input((1,), name=k, dtype="int32") for k in ("country", "hour", "device")}
parts = [keras.layers.Flatten()(keras.layers.Embedding(n, 4)(ins[k])) for k, n in (("country", 12), ("hour", 24), ("device", 3))]
x = keras.layers.Concatenate()(parts)
x = keras.layers.Dense(24, activation="relu")(x)
model = keras.Model(ins, keras.layers.Dense(4, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(ds, epochs=5, verbose=2)
share = model.predict(as_dict(slice(1500, None)), verbose=0)
print("always the first button:", np.bincount(share.argmax(1), minlength=4))
