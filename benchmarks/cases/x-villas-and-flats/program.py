# House prices, Keras tutorial adapted to our listings
import sys
import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow.keras import layers, models

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.keras.utils.set_random_seed(seed)
rs = np.random.RandomState(seed)

n = 1400
listings = pd.DataFrame({
    "sqm": rs.gamma(6, 18, n) + 25,
    "rooms": rs.randint(1, 7, n),
    "year": rs.randint(1900, 2024, n),
    "km_center": rs.exponential(6, n),
    "kind": rs.choice(["flat", "villa", "row house"], n, p=[0.6, 0.1, 0.3]),
})
bonus = listings["kind"].map({"flat": 0, "row house": 40000, "villa": 190000})
listings["price"] = (
    2900 * listings.sqm + 800 * (listings.year - 1960) - 9000 * listings.km_center + bonus + rs.normal(0, 25000, n)
)

table = pd.get_dummies(listings.drop(columns="price")).astype("float32")
table = (table - table.mean()) / table.std()
prices = listings["price"].astype("float32") / 1

cut = int(0.8 * n)
x_train, y_train = table[:cut].values, prices[:cut].values
x_test, y_test = table[cut:].values, prices[cut:].values

model = models.Sequential()
model.add(layers.Dense(64, activation="relu", input_shape=(x_train.shape[1],)))
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(1))
model.compile(optimizer=tf.keras.optimizers.RMSprop(learning_rate=1e-6), loss="mse", metrics=["mae"])
model.fit(x_train, y_train, epochs=30, batch_size=32, verbose=0)

pred = model.predict(x_test, verbose=0).flatten()
print("MAE", np.abs(pred - y_test).mean())
print(pd.DataFrame({"asked": y_test, "predicted": pred}).head(10))
