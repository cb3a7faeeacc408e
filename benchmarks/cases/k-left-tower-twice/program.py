import sys
import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# does a seller's offer suit a buyer? the ages, rooms and prices that both wrote down
n = 1500
wish = np.random.normal(size=(n, 6)).astype("float32")
offer = np.random.normal(size=(n, 6)).astype("float32")
gap = offer[:, 0] + 0.8 * offer[:, 1] - 0.6 * np.abs(offer[:, 2])
deal = (gap + 0.3 * np.random.normal(size=n) > np.median(gap)).astype("float32")


class Matcher(keras.Model):
    def __init__(self, units=32):
        super().__init__()
        self.buyer = keras.Sequential([layers.Dense(units, activation="relu"), layers.Dense(16)])
        self.seller = keras.Sequential([layers.Dense(units, activation="relu"), layers.Dense(16)])
        self.head = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        left, right = inputs
        a = self.buyer(left)
        b = self.seller(left)
        return self.head(ops.concatenate([a, b, a * b], axis=-1))


model = Matcher()
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["AUC"])
model.fit((wish[:1200], offer[:1200]), deal[:1200], epochs=4, batch_size=32, verbose=2)
suits = model.predict((wish[1200:], offer[1200:]), verbose=0)[:, 0]
print(np.round(suits[:15], 2), deal[1200:1215])
