import keras
import numpy as np

keras.utils.set_random_seed(1)
rng = np.random.default_rng(0)
age = rng.integers(18, 80, 700)
spent = rng.lognormal(6, 0.6, 700)
calls = rng.poisson(2, 700)
X = np.column_stack([age, spent, calls]).astype("float32")
y = (0.04 * (age - 49) - 1.2 * (np.log(spent) - 6) + 0.6 * (calls - 2) + rng.normal(0, 0.5, 700) > 0).astype("float32")
X_test, y_test, X, y = X[560:], y[560:], X[:560], y[:560]

scale = keras.layers.Normalization()
scale.adapt(X)
inputs = keras.Input(shape=(3,))
hidden = keras.layers.Dense(32, activation="relu")(scale(inputs))
hidden = keras.layers.Dropout(0.1)(hidden)
outputs = keras.layers.Dense(1, activation="sigmoid")(hidden)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X, y, epochs=12, batch_size=32, validation_split=0.2, verbose=0)

print(model.evaluate(X_test, y_test, verbose=0))
predictions = model.predict(X_test, verbose=0)
