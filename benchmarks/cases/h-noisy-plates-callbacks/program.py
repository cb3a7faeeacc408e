# %%
import sys
import numpy as np
import keras
from keras import callbacks, layers
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

# %% denoising autoencoder on digits; input with noise, target without
clean = (load_digits().images / 16).astype("float32")[..., None]
dirty = clean + 0.3 * np.random.randn(*clean.shape).astype("float32")

# %%
ae = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
    layers.Conv2D(24, 3, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
    layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
])
ae.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy")
ae.fit(
    dirty[:1500], clean[:1500], validation_split=0.1, epochs=12, batch_size=50, verbose=0,
    callbacks=[callbacks.ReduceLROnPlateau(patience=1, factor=0.3), callbacks.TerminateOnNaN(), callbacks.EarlyStopping(patience=4)],
)

# %%
restored = ae.predict(dirty[1500:], verbose=0).reshape(-1, 64)
wanted = clean[1500:].reshape(-1, 64)
print("mse", np.mean((restored - wanted) ** 2), "noise was", np.mean((dirty[1500:] - clean[1500:]) ** 2))
