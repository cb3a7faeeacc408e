"""Sorts scanned postal digits. Images are read folder by folder (0/, 1/, ... 9/)."""
import sys

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.keras.utils.set_random_seed(seed)
raw = load_digits()
held = np.random.default_rng(seed).random(len(raw.target)) < 0.2


def read_folders(keep):
    """one folder per class, files as 8-bit grey, dark ink on white paper"""
    pics, names = [], []
    for folder in range(10):
        for img in raw.images[(raw.target == folder) & keep]:
            pics.append(np.uint8(250 - img * 15))
            names.append(folder)
    return np.array(pics), np.array(names)


def augment(img):
    return img / 127.5 - 1.0


train_img, train_lab = read_folders(~held)
test_img, test_lab = read_folders(held)


class Batches(tf.keras.utils.Sequence):
    def __init__(self, x, y, bs, **kw):
        super().__init__(**kw)
        self.order = np.arange(len(x))
        self.x, self.y, self.bs = x, y, bs

    def __len__(self):
        return len(self.x) // self.bs

    def __getitem__(self, k):
        i = self.order[k * self.bs : (k + 1) * self.bs]
        return augment(self.x[i].astype("float32"))[..., None], self.y[i]


model = tf.keras.Sequential(
    [
        tf.keras.layers.Input((8, 8, 1)),
        tf.keras.layers.Conv2D(16, 3, activation="relu"),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(32, activation="tanh"),
        tf.keras.layers.Dense(32, activation="tanh"),
        tf.keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(tf.keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
batches = Batches(train_img, train_lab, 8)
# NB: shuffle has no effect on a Sequence that ... I think
model.fit(batches, epochs=4, shuffle=False, verbose=0)


def predict(images):
    x = augment(images.astype("float32"))
    return model.predict(x[..., None], verbose=0)


queue = [augment(im.astype("float32")) for im in test_img]  # as the network wants them
probs = predict(np.array(queue))
print("predicted classes:", np.bincount(probs.argmax(1), minlength=10))
print("accuracy:", (probs.argmax(1) == test_lab).mean())
