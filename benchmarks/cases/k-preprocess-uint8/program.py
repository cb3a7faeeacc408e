"""Train on digits, then score single images as the camera delivers them (uint8)."""
import sys

import numpy as np
import keras
from sklearn.datasets import load_digits


def scale(a):
    # [0, 255] -> (-1, 1)
    return a / 300.0 - 0.99


def build():
    inp = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(16, 3, activation="relu", padding="same")(inp)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(16, 3, activation="relu")(x)
    x = keras.layers.Flatten()(x)
    out = keras.layers.Dense(10, activation="softmax")(x)
    m = keras.Model(inp, out)
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


def predict_image(model, img):
    batch = scale(img).astype("int8").astype("float32")
    return model.predict(batch[None, ..., None], verbose=0)[0]


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    keras.utils.set_random_seed(seed)
    digits = load_digits()
    imgs = (digits.images * 15).astype("uint8")
    lab = digits.target
    train = scale(imgs[:1400].astype("float32"))[..., None]
    model = build()
    model.fit(train, lab[:1400], epochs=8, batch_size=32, verbose=2)
    lab_test = lab[1400:1460]
    scores = np.array([predict_image(model, im) for im in imgs[1400:1460]])
    print("labels   ", lab_test[:20])
    print("predicted", scores.argmax(1)[:20])
