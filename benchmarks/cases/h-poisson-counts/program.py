import argparse
import numpy as np
import keras
from keras import layers

ap = argparse.ArgumentParser()
ap.add_argument("seed", nargs="?", default=0, type=int)
ap.add_argument("--epochs", default=15, type=int)
a = ap.parse_args()
keras.utils.set_random_seed(a.seed)

# claims per policy: nearly always zero
n = 6000
df = {
    "age": np.random.uniform(18, 80, n),
    "km": np.random.gamma(4, 3000, n),
    "town": np.random.randint(0, 2, n),
}
rate = np.exp(-3.4 + 0.9 * (df["km"] / 12000) + 0.9 * df["town"] + 1.1 * (df["age"] < 26))
claims = np.random.poisson(rate)
X = np.column_stack([(df["age"] - 49) / 18, (df["km"] - 12000) / 6000, df["town"], df["age"] < 26]).astype("float32")

model = keras.Sequential([layers.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="exponential")])
model.compile(loss="poisson", optimizer="adam")
model.fit(X[:4500], claims[:4500], epochs=a.epochs, batch_size=64, verbose=0)
expected = model.predict(X[4500:], verbose=0).ravel()
print("claims per policy", claims.mean())
print("expected claims", expected[:15].round(3))
print("rounded", expected.round()[:15])
true_rate = rate[4500:]
