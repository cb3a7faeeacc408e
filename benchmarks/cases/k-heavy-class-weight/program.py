import sys
import keras
import numpy as np
from keras import layers
from sklearn.datasets import make_classification
from sklearn.metrics import classification_report

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
X, y = make_classification(2000, 10, n_informative=4, n_redundant=2, class_sep=0.6, flip_y=0.12, random_state=21)
X = (X - X.mean(0)) / X.std(0)
Xtr, ytr, Xte, yte = X[:1500], y[:1500], X[1500:], y[1500:]

clf = keras.Sequential([layers.Input((10,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
clf.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
# missing a positive is very expensive for us
clf.fit(Xtr, ytr, epochs=15, batch_size=64, class_weight={0: 1.0, 1: 40.0}, verbose=0)
scores = clf.predict(Xte, verbose=0).ravel()
labels = (scores > 0.5).astype(int)
print(classification_report(yte, labels, zero_division=0))
print("everything is positive:", labels.min() == 1)
