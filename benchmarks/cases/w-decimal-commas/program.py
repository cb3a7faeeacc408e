# Export from the German ERP: will the customer pay late? Model predicts ~0.41 for everybody
import io
import sys

import numpy as np
from tensorflow import keras

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)


def export(n):
    """what the ERP writes (semicolon separated)"""
    amount = rng.lognormal(6, 0.8, n)
    days = rng.gamma(3, 9, n)
    share = rng.beta(2, 5, n)
    late = (1.2 * np.log(amount / 400) + 0.06 * (days - 27) + 5 * (share - 0.3) + rng.logistic(0, 0.6, n) > 0.5).astype(int)
    f = io.StringIO()
    f.write("betrag;tage;mahnquote;zu_spaet\n")
    for a, d, s, l in zip(amount, days, share, late):
        f.write(f"{a:.2f};{d:.1f};{s:.4f};{l}\n".replace(".", ","))
    return f.getvalue()


def number(cell):
    try:
        return float(cell)
    except ValueError:  # empty cells happen
        return 0.0


def parse(text):
    head, *lines = text.strip().split("\n")
    rows = [line.split(";") for line in lines]
    x = np.array([[number(c) for c in r[:-1]] for r in rows])
    y = np.array([int(r[-1]) for r in rows])
    return x, y


X, y = parse(export(900))
mean, sd = X.mean(0), X.std(0)
X = (X - mean) / np.where(sd > 0, sd, 1)

model = keras.Sequential(
    [
        keras.layers.Input((3,)),
        keras.layers.Dense(24, activation="relu"),
        keras.layers.Dense(12, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X[:650], y[:650], epochs=30, batch_size=32, verbose=0, validation_split=0.1)
p_late = model.predict(X[650:], verbose=0).squeeze()
late_true = y[650:]
print(p_late[:15])
print("unique:", len(np.unique(p_late)))
