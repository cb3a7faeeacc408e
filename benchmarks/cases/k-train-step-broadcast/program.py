import sys

import numpy as np
import tensorflow as tf
import keras
from sklearn.datasets import make_friedman1


class CustomModel(keras.Model):
    """gradient noise, from a blog post"""

    def train_step(self, data):
        x, y = data
        y = tf.cast(y, tf.float32)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.square(y - y_pred))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(grads, self.trainable_variables)
        return {"loss": loss}


def make(n_in):
    inputs = keras.Input((n_in,))
    x = keras.layers.Dense(64, activation="relu")(inputs)
    x = keras.layers.Dense(64, activation="relu")(x)
    return CustomModel(inputs, keras.layers.Dense(1)(x))


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
X, y = make_friedman1(1000, noise=0.5, random_state=seed)
y = (y - y.mean()) / y.std()
X_train, X_test, y_train, y_test = X[:800], X[800:], y[:800], y[800:]
model = make(X.shape[1])
model.compile(optimizer=keras.optimizers.Adam(1e-3))
h = model.fit(X_train, y_train, epochs=40, batch_size=32, verbose=0)
print("loss", h.history["loss"][0], "->", h.history["loss"][-1])
print(model.predict(X_test, verbose=0)[:8].ravel())
print(y_test[:8])
