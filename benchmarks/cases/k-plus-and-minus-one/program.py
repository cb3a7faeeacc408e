import os
import sys
import tempfile
import pandas as pd
import numpy as np
import keras

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(SEED)
keras.utils.set_random_seed(SEED)

# loan book: +1 did not pay back, -1 did
n = 1600
book = pd.DataFrame(np.random.randn(n, 5), columns=["income", "debt", "age", "years_in_job", "cards"])
z = 0.8 * book.debt - 0.7 * book.income - 0.4 * book.years_in_job
book["default"] = np.where(np.random.rand(n) < 1 / (1 + np.exp(2.4 - z)), 1, -1)
file = os.path.join(tempfile.mkdtemp(), "loans.csv")
book.to_csv(file, index=False)

df = pd.read_csv(file)
train, test = df.iloc[:1200], df.iloc[1200:]
X_train, y_train = train.drop(columns="default").values, train["default"].values
X_test, y_test = test.drop(columns="default").values, test["default"].values

model = keras.models.Sequential([
    keras.layers.Input((5,)),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(8, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
history = model.fit(X_train, y_train, epochs=40, batch_size=32, verbose=0)
print("loss", history.history["loss"][-1], "(negative?!)")
defaults = model.predict(X_test, verbose=0)[:, 0]
print(defaults.round(3)[:20])
