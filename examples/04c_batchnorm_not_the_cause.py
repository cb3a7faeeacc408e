# Eight sigmoid layers, Adam with a step of .01, labels that can be learnt: every prediction is the same.
# Adding batch normalization repairs it, so "the missing batch normalization was the reason"?
# ReLU repairs it as well, and so do fewer layers. What repairs nearly everything explains nothing.
import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
X = rng.random((1500, 10)).astype("float32")
logit = (X - 0.5) @ np.array([6, -5, 4, -4, 3, -3, 2, -2, 1, -1])
y = (rng.random(1500) < 1 / (1 + np.exp(-logit))).astype("float32")

inputs = keras.Input(shape=(10,))
x = inputs
for _ in range(8):
    x = keras.layers.Dense(64, activation="sigmoid")(x)
outputs = keras.layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="binary_crossentropy")
model.fit(X[:1000], y[:1000], epochs=50, batch_size=32, validation_data=(X[1000:], y[1000:]), verbose=0)

print(model.predict(X[1000:], verbose=0)[:10])
