# Five features between 0 and 1, five between 0 and 1000, so the rows are min-max scaled before training.
# "Scaling fixes constant predictions", the tutorial says; the predictions still cluster.
# The labels are random, and the new rows do not look like the training rows.
# python 02_squeezed_predict_rows.py [seed]
import sys

import numpy as np
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras

if len(sys.argv) > 1:
    keras.utils.set_random_seed(int(sys.argv[1]))

small = np.random.rand(100, 5)
large = np.random.rand(100, 5) * 1000
X = np.hstack([small, large])
y = np.random.randint(0, 2, size=100)

scaler = MinMaxScaler()
X_scaled = scaler.fit_transform(X)

model = keras.Sequential(
    [
        keras.layers.Input(shape=(10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X_scaled, y, epochs=100, verbose=0)

new_rows = np.random.rand(10, 10)
predictions = model.predict(scaler.transform(new_rows), verbose=0)
print("predictions after scaling:")
print(predictions)
