# A first network: ten features, a hundred rows, a label of 0 or 1 for each.
# The predictions for ten new rows all look alike, somewhere near one half.
# "The gradients vanish in the sigmoid layers", the forum says. The labels were drawn at random.
# python 01_random_labels_sigmoid.py [seed]
import sys

import numpy as np
from tensorflow import keras

if len(sys.argv) > 1:
    keras.utils.set_random_seed(int(sys.argv[1]))

X = np.random.rand(100, 10)
y = np.random.randint(0, 2, size=(100, 1))

model = keras.Sequential(
    [
        keras.layers.Input(shape=(10,)),
        keras.layers.Dense(128, activation="sigmoid"),
        keras.layers.Dense(64, activation="sigmoid"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X, y, epochs=100, verbose=0)

new_rows = np.random.rand(10, 10)
print("Why are they all the same?")
print(model.predict(new_rows, verbose=0))
