import sys
import numpy as np, keras, tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True); X = StandardScaler().fit_transform(X).astype("float32"); y = np.eye(10, dtype="float32")[y]
class M(keras.Model):
    def train_step(self, data):
        x, t = data
        with tf.GradientTape() as tape:
            p = self(x, training=True)
            hard = tf.cast(p > 0.5, tf.float32)
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(t, hard)) + 0.0 * tf.reduce_sum(p)
        g = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(g, self.trainable_variables))
        return {"loss": loss}
inp = keras.Input((64,)); m = M(inp, keras.layers.Dense(10, "sigmoid")(keras.layers.Dense(48, "relu")(inp)))
m.compile("adam"); m.fit(X[:1400], y[:1400], epochs=20, verbose=0)
print(m.predict(X[1400:], verbose=0)[:8].argmax(1))
