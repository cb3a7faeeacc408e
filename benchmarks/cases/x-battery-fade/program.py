import os
os.environ["KERAS_BACKEND"] = "jax"
import sys
import numpy as np
import keras

# Remaining capacity after the next 50 cycles, from the last 20 (voltage, temperature, resistance).
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
r = np.random.RandomState(seed)

N, T = 900, 20
base = r.randn(N, 1)
stress = r.rand(N, 1)
t = np.linspace(0, 1, T)[None]
volt = base - stress * t + 0.1 * r.randn(N, T)
temp = 0.8 * stress + 0.3 * r.randn(N, T)
resist = 0.5 * base + stress * t ** 2 + 0.1 * r.randn(N, T)
seq = np.stack([volt, temp, resist], -1).astype("float32")
capacity = (base - 2.5 * stress)[:, 0] + 0.1 * r.randn(N)
capacity = ((capacity - capacity.mean()) / capacity.std()).astype("float32")

cut = 700
model = keras.Sequential([
    keras.layers.Input((T, 3)),
    keras.layers.GRU(24),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(1, kernel_initializer=keras.initializers.RandomNormal(stddev=0.02)),
])
opt = keras.optimizers.Adam(learning_rate=1e-6)
model.compile(optimizer=opt, loss="mse")
h = model.fit(seq[:cut], capacity[:cut], epochs=15, batch_size=32, verbose=0)
print("loss per epoch:", np.round(h.history["loss"], 4))

fade = model.predict(seq[cut:], verbose=0)[:, 0]
actual = capacity[cut:]
print(np.c_[fade[:10], actual[:10]].round(3))
