import sys
from datetime import date, timedelta

import keras
import numpy as np

"""School project: does the moon (and the weekday, and the first letter of the name) predict the grade?"""


def features(rng, n):
    days = rng.integers(0, 365 * 3, n)
    phase = (days % 29.53) / 29.53 * 2 * np.pi
    weekday = np.array([(date(2021, 1, 1) + timedelta(days=int(d))).weekday() for d in days])
    letter = rng.integers(0, 26, n)
    return np.column_stack([np.sin(phase), np.cos(phase), np.eye(7)[weekday], (letter - 12.5) / 7.5])


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 18
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    X = features(rng, 900)
    grade = np.clip(np.round(rng.normal(2.9, 0.9, 900)), 1, 5).astype(int)
    y = grade - 1

    model = keras.Sequential([keras.layers.Input((X.shape[1],)), keras.layers.Dense(20, activation="relu"),
                              keras.layers.Dropout(0.4), keras.layers.Dense(5, activation="softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X[:600], y[:600], batch_size=60, epochs=15, verbose=0)
    chances = model.predict(X[600:], verbose=0)
    held = y[600:]
    print("accuracy:", np.mean(chances.argmax(1) == held), " grade 3 for everybody:", np.mean(held == 2))
    print("how often each grade is predicted:", np.bincount(chances.argmax(1), minlength=5))


main()
