# Loan approval - first try with Keras
# data: export of the retail book (anonymised)
import sys
import numpy as np
import pandas as pd
import keras
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 7
rng = np.random.default_rng(seed)
keras.utils.set_random_seed(seed)

n = 1600
df = pd.DataFrame({
    "age": rng.integers(21, 70, n),
    "income": rng.lognormal(10.7, 0.45, n).round(),
    "loan_amount": rng.lognormal(9.9, 0.6, n).round(),
    "open_lines": rng.poisson(3, n),
    "months_employed": rng.integers(0, 240, n),
})
risk = (1.6 * np.log(df.loan_amount / df.income) + 0.35 * df.open_lines - 0.008 * df.months_employed
        + rng.logistic(0, 0.5, n))
df["default"] = (risk > risk.median()).astype(int)

print(df.describe().round(1))

features = [c for c in df.columns if c != "default"]
X = df[features].to_numpy("float32")
y = df["default"].to_numpy("float32")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)

model = keras.Sequential([
    keras.layers.Input((len(features),)),
    keras.layers.Dense(32, activation="relu"),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.01), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(X_train, y_train, epochs=25, batch_size=32, validation_split=0.1, verbose=0)
print("val acc", history.history["val_accuracy"][-1])

proba = model.predict(X_test, verbose=0)
print(proba[:10].ravel())
