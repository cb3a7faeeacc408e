import sys
import numpy as np
import pandas as pd
import keras
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 5
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

FIELDS = ["pain", "age", "weeks_since_op", "bmi", "crp"]


def registry(n, lab_missing=0.0):
    d = pd.DataFrame({
        "pain": rng.uniform(0, 10, n),
        "age": rng.normal(58, 11, n),
        "weeks_since_op": rng.uniform(2, 120, n),
        "bmi": rng.normal(27, 4, n),
        "crp": rng.gamma(2, 4, n),
    })
    z = 0.5 * (d.pain - 5) + 0.16 * (d.crp - 8) - 0.02 * (d.weeks_since_op - 60) + 0.04 * (d.age - 58)
    d["relapse"] = (z + rng.normal(0, 0.6, n) > 0.4).astype(int)
    d.loc[rng.random(n) < lab_missing, "crp"] = np.nan  # lab value not taken
    return d


train = registry(1500, lab_missing=0.02)
new_patients = registry(300)

sc = StandardScaler()
X = sc.fit_transform(train[FIELDS])
y = train["relapse"].values

model = keras.Sequential([keras.Input((len(FIELDS),))])
for units in (64, 64, 32, 32, 16):
    model.add(keras.layers.Dense(units, activation="relu"))
model.add(keras.layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.5))
model.fit(X, y, epochs=12, batch_size=50, verbose=0)

p = model.predict(sc.transform(new_patients[FIELDS]), verbose=0).ravel()
new_patients["p_relapse"] = p
truth = new_patients["relapse"].values
print(new_patients.head())
print(new_patients["p_relapse"].describe())
