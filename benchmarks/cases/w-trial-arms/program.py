import os

os.environ["KERAS_BACKEND"] = "jax"
import argparse

import keras
import numpy as np
from sklearn.datasets import load_diabetes

# Propensity model: predict treatment arm from the baseline, so we can weight by 1/p later.
# The study was randomised 2:1 by the pharmacy. p is around 0.67 for everybody - network too small?
ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int, nargs="?", default=0)
opt = ap.parse_args()
keras.utils.set_random_seed(opt.seed)
rng = np.random.default_rng(opt.seed)

baseline = load_diabetes().data.astype("float32") / 0.0476
arm = (rng.random(len(baseline)) < 2 / 3).astype("float32")
half = 300

inp = keras.Input((10,), name="baseline")
h = keras.layers.Dense(16, activation="gelu", kernel_regularizer=keras.regularizers.L2(3e-2))(inp)
h = keras.layers.Dense(8, activation="gelu", kernel_regularizer=keras.regularizers.L2(3e-2))(h)
p = keras.layers.Dense(1, activation="sigmoid")(h)
model = keras.Model(inp, p)
model.compile(optimizer=keras.optimizers.AdamW(1e-3), loss="binary_crossentropy")
stop = keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)
model.fit(
    baseline[:half], arm[:half], validation_split=0.2, epochs=60, batch_size=32, callbacks=[stop], verbose=0
)
propensity = model.predict(baseline[half:], verbose=0)[:, 0]
arm_rest = arm[half:]
print("weights:", np.round(1 / propensity[:10], 3))
print("min/max p:", propensity.min(), propensity.max())
