import sys
import numpy as np
import keras
from keras.layers import Dense, Input
from keras.models import Sequential

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 42
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

# demand of a shop, goes up and down
t = np.arange(1200)
series = np.sin(t / 5) + 0.5 * np.sin(t / 17) + 0.2 * rng.standard_normal(1200)


def lagged(s, k=5):
    cols = []
    for lag in range(1, k + 1):
        c = np.full(len(s), np.nan)
        c[lag:] = s[:-lag]
        cols.append(c)
    target = np.zeros(len(s), dtype=int)
    target[1:] = (s[1:] > s[:-1]).astype(int)
    return np.column_stack(cols), target


X, y = lagged(series)
Y = keras.utils.to_categorical(y, 2)

model = Sequential([Input((5,)), Dense(24, activation="relu"), Dense(24, activation="relu"), Dense(2, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X[:900], Y[:900], epochs=15, batch_size=32, verbose=0)
probs = model.predict(X[900:], verbose=0)
pred = np.argmax(probs, axis=1)
print("share of class 0 predicted:", np.mean(pred == 0))
print("accuracy:", np.mean(pred == y[900:]))
