"""Does the digit have a closed loop (0, 6, 8, 9) or not? Small convnet on the sklearn digits."""
import sys

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0

CONFIG = {
    "filters": [16, 32],
    "dense": 32,
    "dropout": 0.2,
    "n_outputs": 1,
    "output_activation": "softmax",
    "loss": "binary_crossentropy",
    "lr": 1e-3,
    "epochs": 8,
    "batch_size": 32,
}


def get_data():
    digits = load_digits()
    images = digits.images[..., None].astype("float32") / 16.0
    loops = np.isin(digits.target, [0, 6, 8, 9]).astype("float32")
    order = np.random.default_rng(SEED).permutation(len(images))
    return images[order], loops[order]


def build(cfg):
    inp = keras.Input((8, 8, 1))
    x = inp
    for f in cfg["filters"]:
        x = layers.Conv2D(f, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(cfg["dense"], activation="relu")(x)
    x = layers.Dropout(cfg["dropout"])(x)
    out = layers.Dense(cfg["n_outputs"], activation=cfg["output_activation"])(x)
    m = keras.Model(inp, out)
    m.compile(keras.optimizers.Adam(cfg["lr"]), loss=cfg["loss"], metrics=["accuracy"])
    return m


keras.utils.set_random_seed(SEED)
images, loops = get_data()
n_train = 1300
net = build(CONFIG)
net.fit(images[:n_train], loops[:n_train], epochs=CONFIG["epochs"], batch_size=CONFIG["batch_size"], verbose=2)
holdout_pred = net.predict(images[n_train:], verbose=0)
holdout_true = loops[n_train:]
print("predicted 'has loop':", (holdout_pred > 0.5).mean(), "really:", holdout_true.mean())
