# A larger network with batch normalization, the third remedy of every list: a thousand rows, random labels.
# Training accuracy climbs, so "batch normalization fixed it". On rows it has not seen it is a coin.
# python 03_memorized_noise.py [seed]
import sys

import numpy as np
from tensorflow import keras

if len(sys.argv) > 1:
    keras.utils.set_random_seed(int(sys.argv[1]))

X = np.random.rand(1000, 10)
y = np.random.randint(0, 2, 1000)

model = keras.Sequential(
    [
        keras.layers.Input(shape=(10,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(X, y, epochs=100, verbose=0)
print("training accuracy:", round(history.history["accuracy"][-1], 2))

X_test, y_test = np.random.rand(1000, 10), np.random.randint(0, 2, 1000)
predictions = model.predict(X_test, verbose=0)
print(predictions[:10])
print("accuracy on new rows:", ((predictions[:, 0] > 0.5) == y_test).mean())
