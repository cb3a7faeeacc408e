import sys
import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow import keras

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

# Trucks: litres per year. Everything (scaling in and out) lives in the model so that the SavedModel takes raw rows.
n = 1500
trucks = pd.DataFrame({
    "mass_kg": rng.normal(14000, 3500, n),
    "km_per_year": rng.normal(90000, 22000, n),
    "engine_cc": rng.choice([7700, 9300, 10800, 12800], n),
    "driver_hours": rng.normal(1900, 150, n),
})
litres = trucks.km_per_year * (0.12 + trucks.mass_kg * 1.1e-5 + (trucks.engine_cc - 9000) * 4e-6) + rng.normal(0, 900, n)

X = trucks.to_numpy("float32")
y = litres.to_numpy("float32")
tr, te = slice(0, 1200), slice(1200, None)

norm = keras.layers.Normalization()
norm.adapt(X[tr])
mu, sd = float(y[tr].mean()), float(y[tr].std())

inp = keras.Input((4,))
h = norm(inp)
for width in (32, 32, 16):
    h = keras.layers.Dense(width, kernel_regularizer=keras.regularizers.l2(1e-4))(h)
    h = keras.layers.LeakyReLU(negative_slope=0.1)(h)
z = keras.layers.Dense(1, kernel_initializer="zeros")(h)
out = keras.layers.Rescaling(sd, offset=mu)(z)
model = keras.Model(inp, out)

steps = 40 * (1200 // 30)
rate = keras.optimizers.schedules.CosineDecay(5e-3, steps)
model.compile(optimizer=keras.optimizers.Adam(rate), loss=lambda t, p: tf.reduce_mean(tf.square((t - p) / sd)))
model.fit(X[tr], y[tr], epochs=40, batch_size=30, verbose=0)
forecast = model.predict(X[te], verbose=0)
burnt = y[te]
print(forecast[:8].ravel().round(), burnt[:8].round())
