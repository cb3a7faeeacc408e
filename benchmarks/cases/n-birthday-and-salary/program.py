import os, sys, tempfile
import numpy as np
import pandas as pd
import keras
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
r = np.random.default_rng(seed)
born = pd.to_datetime("1960-01-01") + pd.to_timedelta(r.integers(0, 365 * 40, 1500), unit="D")
staff = pd.DataFrame({"born": born, "salary": r.lognormal(10.6, 0.3, 1500).round(-2)})
f = os.path.join(tempfile.mkdtemp(), "staff.csv")
staff.to_csv(f, index=False)

staff = pd.read_csv(f, parse_dates=["born"])
angle = 2 * np.pi * staff.born.dt.dayofyear / 366
X = np.stack([np.sin(angle), np.cos(angle), staff.born.dt.weekday / 3 - 1, staff.born.dt.day / 15 - 1], 1)
y = np.log(staff.salary).to_numpy()
y = (y - y.mean()) / y.std()

sky = keras.Input((4,))
h = layers.Dense(32, activation="swish")(sky)
h = layers.LayerNormalization()(h)
h = layers.Dense(16, activation="swish")(h)
stars = keras.Model(sky, layers.Dense(1)(h))
stars.compile(keras.optimizers.AdamW(1e-3), "huber")
stars.fit(X[:1200], y[:1200], epochs=15, validation_split=0.2, verbose=0,
          callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)])
predicted = stars.predict(X[1200:], verbose=0)[:, 0]
print("all about average:", predicted[:12].round(2))
