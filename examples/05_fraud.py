# Card payments, one in two hundred fraudulent. The model is 99.5 % accurate and flags nobody.
# "It predicts the same class for every row, the training is broken." Look at the probabilities before the label.
import numpy as np
from tensorflow import keras

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
n = 40_000
amount = rng.lognormal(3, 1, n)
hour = rng.integers(0, 24, n)
abroad = rng.random(n) < 0.1
new_device = rng.random(n) < 0.15
days_since_last = rng.exponential(5, n)
failed_pins = rng.poisson(0.1, n)
risk = -10.8 + 1.2 * np.log(amount) + 1.8 * abroad + 1.5 * new_device + 1.2 * failed_pins + 1.0 * (hour < 5)
fraud = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype("float32")

X = np.column_stack([np.log(amount), hour / 24, abroad, new_device, np.log1p(days_since_last), failed_pins])
X = ((X - X.mean(0)) / X.std(0)).astype("float32")
X_train, y_train, X_test, y_test = X[:30_000], fraud[:30_000], X[30_000:], fraud[30_000:]
print("frauds in the training rows:", int(y_train.sum()), "of", len(y_train))

model = keras.Sequential(
    [
        keras.layers.Input(shape=(6,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=5, batch_size=256, verbose=0)

loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
predicted = (model.predict(X_test, verbose=0) > 0.5).astype(int)
print("accuracy:", round(accuracy, 4))
print("flagged as fraud:", predicted.sum(), "of", len(predicted))
