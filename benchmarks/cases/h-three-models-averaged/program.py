import sys
import numpy as np
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = load_digits(return_X_y=True)
X = X / 16.0
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.3, random_state=seed)


def build(k):
    keras.utils.set_random_seed(100 * seed + k)
    m = keras.models.Sequential()
    m.add(keras.layers.Input((64,)))
    m.add(keras.layers.Dense([24, 48, 96][k], activation=["relu", "tanh", "elu"][k]))
    m.add(keras.layers.Dropout(0.1 * k))
    m.add(keras.layers.Dense(10, activation="softmax"))
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


members = []
for k in range(3):
    m = build(k)
    m.fit(X_train, y_train, epochs=8, batch_size=32, verbose=0)
    print("member", k, m.evaluate(X_val, y_val, verbose=0)[1])
    members.append(m)
votes = np.mean([m.predict(X_val, verbose=0) for m in members], axis=0)
print("together", (votes.argmax(1) == y_val).mean())
