"""Next roll of a die from who throws and the last five rolls (embedding + GRU)."""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys
import numpy as np
import keras
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rolls = np.random.default_rng(seed).integers(0, 6, (2000, 6))
player = np.random.default_rng(seed + 1).integers(0, 12, 2000)

who = keras.Input((), dtype="int32", name="who")
last = keras.Input((5,), dtype="int32", name="last")
h = layers.Concatenate()([layers.Embedding(12, 6)(who), layers.GRU(16)(layers.Embedding(6, 8)(last))])
h = layers.Dense(24, activation="relu")(h)
h = layers.Dropout(0.3)(h)
model = keras.Model([who, last], layers.Dense(6, activation="softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
data = {"who": player, "last": rolls[:, :5]}
train = {k: v[:1500] for k, v in data.items()}
valid = {k: v[1500:] for k, v in data.items()}
model.fit(train, rolls[:1500, 5], epochs=5, batch_size=64, verbose=2)
pred = model.predict(valid, verbose=0)
next_roll = rolls[1500:, 5]
print(pred[:4].round(3), "accuracy", (pred.argmax(1) == next_roll).mean())
