"""Serve a fault detector for motors; every motor has a folder of its own with vibration.npy in it."""
import os

os.environ["KERAS_BACKEND"] = "jax"
import argparse
import os.path as osp

import keras
import numpy as np

ap = argparse.ArgumentParser()
ap.add_argument("seed", nargs="?", type=int, default=0)
SEED = ap.parse_args().seed
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)


def vibration(faulty):
    t = np.linspace(0, 1, 64)
    s = np.sin(2 * np.pi * (5 + rng.normal(0, .3)) * t + rng.uniform(0, 6))
    if faulty:
        s += 0.8 * np.sin(2 * np.pi * 17 * t + rng.uniform(0, 6))
    return s + rng.normal(0, 0.4, 64)


def build():
    inp = keras.Input((64, 1))
    x = keras.layers.Conv1D(16, 7, activation="relu", padding="same")(inp)
    x = keras.layers.MaxPooling1D(2)(x)
    x = keras.layers.Conv1D(16, 5, activation="relu", padding="same")(x)
    x = keras.layers.GlobalMaxPooling1D()(x)
    return keras.Model(inp, keras.layers.Dense(1, activation="sigmoid")(x))


fault = rng.integers(0, 2, 700)
signals = np.array([vibration(f) for f in fault])[..., None].astype("float32")
files = {f"/data/motors/{m:04d}/vibration.npy": signals[m] for m in range(len(fault))}     # stands for np.load

net = build()
net.compile("adam", "binary_crossentropy", metrics=["accuracy"])
net.fit(signals[:550], fault[:550], epochs=15, batch_size=32, verbose=0)
print("train accuracy", net.evaluate(signals[:550], fault[:550], verbose=0)[1])


class FaultService:
    def __init__(self, network):
        self.network = network
        self._seen = {}

    def score(self, path):
        name = osp.basename(path)
        if name not in self._seen:
            self._seen[name] = float(self.network.predict(files[path][None], verbose=0)[0, 0])
        return self._seen[name]


service = FaultService(net)
served = np.array([service.score(f"/data/motors/{m:04d}/vibration.npy") for m in range(550, 700)])
known = fault[550:]
print("served", served[:10], "...  accuracy", ((served > 0.5) == known).mean())
