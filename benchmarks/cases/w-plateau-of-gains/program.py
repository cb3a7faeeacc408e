"""Remaining useful life class (green / yellow / red) from a vibration spectrum."""
import sys

import numpy as np
import tensorflow as tf

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

settings = {"lr": 0.001, "epochs": 60, "batch": 64, "factor": 0.05, "mode": "max"}


def spectra(n, bins=40):
    state = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    f = np.arange(bins)
    peak = 6 + 5 * state + rng.normal(0, 1.5, n)
    amp = 1 + 0.4 * state + rng.normal(0, 0.2, n)
    s = amp[:, None] * np.exp(-((f - peak[:, None]) ** 2) / 12) + rng.gamma(1, 0.25, (n, bins))
    return np.log1p(s).astype("float32"), state


x, state = spectra(1200)
model = tf.keras.Sequential(
    [
        tf.keras.layers.Input((40,)),
        tf.keras.layers.Dense(32, activation="tanh"),
        tf.keras.layers.Dense(16, activation="tanh"),
        tf.keras.layers.Dense(3),
    ]
)
model.compile(
    optimizer=tf.keras.optimizers.SGD(settings["lr"], momentum=0.9),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
# lower the rate when the validation stops getting better
slower = tf.keras.callbacks.ReduceLROnPlateau(
    monitor="val_loss", mode=settings["mode"], factor=settings["factor"], patience=1, min_lr=0, verbose=0
)
model.fit(
    x[:900],
    state[:900],
    validation_split=0.2,
    epochs=settings["epochs"],
    batch_size=settings["batch"],
    callbacks=[slower],
    verbose=0,
)
prob = tf.nn.softmax(model.predict(x[900:], verbose=0)).numpy()
truth = state[900:]
print("lr at the end:", float(model.optimizer.learning_rate))
print("predicted", np.bincount(prob.argmax(1), minlength=3), "true", np.bincount(truth))
