# %% [markdown]
# # Rain within 3 hours?
# Weather station on the roof: pressure (Pa), humidity (%), temperature (K), wind direction.
# %%
import sys
import numpy as np
import pandas as pd
import tensorflow as tf

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
tf.keras.utils.set_random_seed(seed)
rs = np.random.RandomState(seed)
# %%
n = 1200
front = rs.randn(n)
obs = pd.DataFrame({
    "pressure": 101325 - 450 * front + 250 * rs.randn(n),
    "humidity": np.clip(65 + 12 * front + 8 * rs.randn(n), 5, 100),
    "temperature": 288 + 5 * rs.randn(n),
    "wind_dir": rs.uniform(0, 360, n),
})
obs["rain"] = (front + 0.35 * rs.randn(n) > 0.3).astype("float32")
train, test = obs.iloc[:1000], obs.iloc[1000:]
cols = ["pressure", "humidity", "temperature", "wind_dir"]
# %%
layers = tf.keras.layers
net = tf.keras.Sequential([
    layers.Input((4,)),
    layers.BatchNormalization(),
    layers.Dense(16, activation="tanh"),
    layers.Dense(16, activation="tanh"),
    layers.Dense(1, activation="sigmoid"),
])
net.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])
log = net.fit(train[cols].values.astype("float32"), train["rain"].values, epochs=60, batch_size=1000, verbose=0)
print("training accuracy", log.history["accuracy"][-1])
# %%
test = test.copy()
test["p_rain"] = net.predict(test[cols].values.astype("float32"), verbose=0).ravel()
print(test[["pressure", "humidity", "rain", "p_rain"]].head(12))
rained = test["rain"].values
p_rain = test["p_rain"].values
