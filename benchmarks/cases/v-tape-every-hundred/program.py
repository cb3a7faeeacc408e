# Rent prediction with a custom loop (low level TF)
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys
import numpy as np
import tensorflow as tf
from sklearn.datasets import make_friedman1

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.random.set_seed(seed)
np.random.seed(seed)

X, base = make_friedman1(1000, n_features=8, noise=0.5, random_state=seed)
rent = 48000 + 6500 * base          # yen
X = ((X - 0.5) / 0.29).astype(np.float32)
y = rent.astype(np.float32).reshape(-1, 1)
x_train, y_train, x_test, y_test = X[:800], y[:800], X[800:], y[800:]
unit = 1.0

ACCUMULATE = 100
model = tf.keras.Sequential([tf.keras.layers.Input((8,)), tf.keras.layers.Dense(64, activation="relu"),
                             tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam(3e-3)
mse = tf.keras.losses.MeanSquaredError()
ds = tf.data.Dataset.from_tensor_slices((x_train, (y_train - (unit != 1.0) * y_train.mean()) / unit)).shuffle(800, seed=seed).batch(32)

for epoch in range(12):
    accumulated = [tf.zeros_like(v) for v in model.trainable_variables]
    for step, (xb, yb) in enumerate(ds, start=1):
        with tf.GradientTape() as tape:
            loss = mse(yb, model(xb, training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        accumulated = [a + g for a, g in zip(accumulated, grads)]
        if step % ACCUMULATE == 0:
            optimizer.apply_gradients(zip(accumulated, model.trainable_variables))
            accumulated = [tf.zeros_like(v) for v in model.trainable_variables]
    tf.print("epoch", epoch, "rmse", tf.sqrt(loss))

rent_hat = model.predict(x_test, verbose=0)[:, 0] * unit + (unit != 1.0) * y_train.mean()
rent_true = y_test[:, 0]
print("predicted", rent_hat[:6], "true", rent_true[:6])
