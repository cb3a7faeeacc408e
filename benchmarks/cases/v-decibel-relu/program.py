"""Signal strength (dB) at a receiver from distance, walls, antenna height and frequency."""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import argparse
import keras
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("seed", nargs="?", type=int, default=0)
parser.add_argument("--epochs", type=int, default=25)
args = parser.parse_args()
keras.utils.set_random_seed(args.seed)
g = np.random.default_rng(args.seed)

n = 1500
distance = g.uniform(1, 60, n)
walls = g.integers(0, 5, n)
height = g.uniform(1, 4, n)
band = g.integers(0, 2, n)
rssi = -30 - 25 * np.log10(distance) - 4 * walls + 2 * height - 6 * band + g.normal(0, 2, n)
rssi = np.clip(rssi, None, -15)

features = np.column_stack([np.log(distance), walls, height, band]).astype("float32")
norm = keras.layers.Normalization()
norm.adapt(features[:1200])
target = rssi / 50.0

schedule = keras.optimizers.schedules.InverseTimeDecay(3e-3, decay_steps=1, decay_rate=200.0)
activation = "relu"
inputs = keras.Input((4,))
h = norm(inputs)
h = keras.layers.Dense(48, activation=activation)(h)
h = keras.layers.Dense(48, activation=activation)(h)
out = keras.layers.Dense(1, activation=activation, name="rssi")(h)
model = keras.Model(inputs, out)
model.compile(keras.optimizers.Adam(schedule), "mse", metrics=["mae"])
model.fit(features[:1200], target[:1200], epochs=args.epochs, batch_size=40, verbose=0)

rssi_hat = model.predict(features[1200:], verbose=0)[:, 0] * 50
rssi_obs = rssi[1200:]
print("MAE in dB:", np.abs(rssi_hat - rssi_obs).mean())
