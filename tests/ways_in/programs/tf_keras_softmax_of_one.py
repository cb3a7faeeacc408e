import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(2)
X = np.random.randn(500, 8).astype("float32")
y = (X[:, 0] * 2 + X[:, 1] > 0).astype("float32")


def batches(size=25):
    while True:
        for start in range(0, 400, size):
            yield X[start : start + size], y[start : start + size]


model = tf.keras.Sequential()
model.add(tf.keras.layers.Dense(16, activation="tanh", input_dim=8))
model.add(tf.keras.layers.Dense(1))
model.add(tf.keras.layers.Activation("softmax"))
model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(batches(), steps_per_epoch=16, epochs=4, verbose=0)

predictions = model.predict(X[400:], verbose=0)
