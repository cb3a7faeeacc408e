import sys
import numpy as np
import tensorflow as tf
import keras

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
bits = np.random.randint(0, 2, (2000, 6)).astype("float32") * 2 - 1
odd = (bits[:, 0] * bits[:, 1] * bits[:, 2] > 0).astype("float32")     # parity of three of the six

train = (tf.data.Dataset.from_tensor_slices((bits[:1600], odd[:1600, None]))
         .cache().shuffle(1600).batch(32).prefetch(tf.data.AUTOTUNE))
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True), optimizer=keras.optimizers.Adam(4e-3))
h = model.fit(train, epochs=20, verbose=0).history["loss"]
print("loss after 1, 3, 20 epochs", h[0], h[2], h[-1])
z = model.predict(bits[1600:], verbose=0)[:, 0]
print((z > 0).mean(), ((z > 0) == odd[1600:]).mean())
