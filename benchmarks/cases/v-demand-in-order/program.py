# Electricity demand, hourly. window -> next hour. Training is not shuffled because it is a time series.
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys
import numpy as np
import keras
from keras.callbacks import EarlyStopping, ReduceLROnPlateau

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

hours = np.arange(24 * 80)
demand = 40_000 + 6000 * np.sin(2 * np.pi * hours / 24) + 2500 * np.sin(2 * np.pi * hours / 168) + rng.normal(0, 900, len(hours))
lo, hi = 25_000, 60_000              # limits of the grid
scaled = (demand - lo) / (hi - lo)

W = 24
x = np.stack([scaled[i:i + W] for i in range(len(scaled) - W)])
y = scaled[W:]
x = (x - scaled[:1400].mean()) / scaled[:1400].std()
split = 1400
model = keras.Sequential([keras.Input((W,)), keras.layers.Dense(32, activation="elu"), keras.layers.Dense(16, activation="elu"),
                          keras.layers.Dense(1, bias_initializer=keras.initializers.Constant(float(y[:split].mean())))])
model.compile(keras.optimizers.Adam(1e-3), "mse")
model.fit(x[:split], y[:split], epochs=50, batch_size=32, shuffle=False, validation_data=(x[split:], y[split:]), verbose=0,
          callbacks=[EarlyStopping(patience=12, restore_best_weights=True), ReduceLROnPlateau(patience=4)])
yhat = model.predict(x[split:], verbose=0).ravel()
future = y[split:]
for a, b in zip(yhat[:6], future[:6]):
    print("%.2f  %.2f" % (a, b))       # 0.68 0.71 0.66 ...
print("in MW:", yhat[:4] * (hi - lo) + lo)
