import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

AUTOTUNE = tf.data.AUTOTUNE
BATCH = 32
SHUFFLE_BUFFER = 8     # my laptop has little memory

# the pictures come from ten folders, one per class, read one after the other
digits = load_digits()
paths_by_class = [np.flatnonzero(digits.target == c) for c in range(10)]
train_idx = np.concatenate([p[: int(len(p) * 0.8)] for p in paths_by_class])
test_idx = np.concatenate([p[int(len(p) * 0.8):] for p in paths_by_class])


def decode(image, label):
    image = tf.cast(image, tf.float32) / 16.0
    return image[..., tf.newaxis], label


def make_ds(idx, training):
    ds = tf.data.Dataset.from_tensor_slices((digits.images[idx], digits.target[idx]))
    ds = ds.map(decode, num_parallel_calls=AUTOTUNE).cache()
    if training:
        ds = ds.shuffle(SHUFFLE_BUFFER)
    return ds.batch(BATCH).prefetch(AUTOTUNE)


train_ds, test_ds = make_ds(train_idx, True), make_ds(test_idx, False)

model = keras.Sequential([
    keras.Input((8, 8, 1)),
    keras.layers.Conv2D(16, 3, activation="relu", padding="same"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(32, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train_ds, epochs=5, verbose=2)
test_prob = model.predict(test_ds, verbose=0)
test_label = digits.target[test_idx]
print("test accuracy", (test_prob.argmax(1) == test_label).mean())
print("predictions", np.bincount(test_prob.argmax(1), minlength=10))
