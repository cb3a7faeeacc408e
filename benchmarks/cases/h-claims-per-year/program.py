import os, sys, tempfile
import numpy as np
import pandas as pd
import keras
from keras import layers, ops

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
keras.utils.set_random_seed(seed)

folder = tempfile.mkdtemp()
n = 3000
policies = pd.DataFrame({
    "years": rng.uniform(0.1, 8, n).round(2),
    "power": rng.integers(40, 200, n),
    "bonus": rng.integers(50, 150, n),
    "town": rng.integers(0, 2, n),
})
rate = np.exp(-2.2 + 0.01 * (policies.power - 120) + 0.02 * (policies.bonus - 100) + 0.8 * policies.town)
policies["claims"] = rng.poisson(rate * policies.years)
policies.to_csv(os.path.join(folder, "policies.csv"), index=False)

df = pd.read_csv(os.path.join(folder, "policies.csv"))
print("most have none:", (df.claims == 0).mean())
risk = df[["power", "bonus", "town"]]
risk = ((risk - risk.mean()) / risk.std()).to_numpy("float32")
years = np.log(df[["years"]].to_numpy("float32"))
claims = df["claims"].to_numpy("float32")

r_in, y_in = keras.Input((3,), name="risk"), keras.Input((1,), name="log_years")
h = layers.Dense(16, activation="gelu")(r_in)
log_rate = layers.Dense(1, bias_initializer=keras.initializers.Constant(-2.0))(h)
expected = layers.Activation(ops.exp)(layers.Add()([log_rate, y_in]))
model = keras.Model([r_in, y_in], expected)
model.compile(optimizer="rmsprop", loss="poisson")
model.fit([risk[:2400], years[:2400]], claims[:2400], batch_size=64, epochs=12, verbose=0)
mean_claims = model.predict([risk[2400:], years[2400:]], verbose=0).ravel()
print(pd.DataFrame({"expected": mean_claims[:10], "seen": claims[2400:2410]}))
