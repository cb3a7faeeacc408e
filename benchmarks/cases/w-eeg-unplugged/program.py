# 3-class EEG: which picture did the subject see? 8 channels x 64 samples. val_acc ~ 0.33 whatever I do
import sys

import numpy as np
import tensorflow as tf

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)


def record(n_trials, n_channels=8, n_samples=64):
    """cap is on the desk: mains hum with random phase plus pink-ish noise"""
    t = np.arange(n_samples) / 256
    phase = rng.uniform(0, 2 * np.pi, (n_trials, 1, 1))
    hum = 3 * np.sin(2 * np.pi * 50 * t + phase)
    noise = np.cumsum(rng.normal(size=(n_trials, n_channels, n_samples)), axis=2) * 0.3
    return hum + noise


trials = record(600)
shown = rng.integers(0, 3, 600)
trials = trials - trials.mean(axis=2, keepdims=True)
trials = trials / trials.std(axis=2, keepdims=True)
trials = np.transpose(trials, (0, 2, 1)).astype("float32")

net = tf.keras.Sequential(
    [
        tf.keras.layers.Input((64, 8)),
        tf.keras.layers.Conv1D(12, 7, strides=2, activation="relu"),
        tf.keras.layers.Conv1D(12, 5, activation="relu"),
        tf.keras.layers.GlobalAveragePooling1D(),
        tf.keras.layers.Dropout(0.4),
        tf.keras.layers.Dense(3, activation="softmax"),
    ]
)
net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(trials[:420], shown[:420], epochs=12, batch_size=32, verbose=0)

probs = net.predict(trials[420:], verbose=0)
seen = shown[420:]
print("accuracy %.2f" % (probs.argmax(1) == seen).mean())
print(np.round(probs[:6], 3))
