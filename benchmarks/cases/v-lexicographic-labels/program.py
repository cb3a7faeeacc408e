# digit recognition: images were exported as img_0.png ... img_1796.png, labels are in labels.csv
import sys
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
digits = load_digits()
perm = np.random.RandomState(seed).permutation(1797)      # order of the scans
names = [f"img_{k}.png" for k in range(1797)]
pixels = dict(zip(names, digits.data[perm]))
labels_csv = pd.DataFrame({"file": names, "label": digits.target[perm]})

# os.listdir gives any order, so sort
files = sorted(pixels)
X = np.array([pixels[f] for f in files]) / 16
y = labels_csv["label"].to_numpy()

n_train = 1400
clf = MLPClassifier((64,), alpha=1e-2, max_iter=40, early_stopping=True, n_iter_no_change=8, random_state=seed)
clf.fit(X[:n_train], y[:n_train])
print("train", clf.score(X[:n_train], y[:n_train]), "test", clf.score(X[n_train:], y[n_train:]))
proba = clf.predict_proba(X[n_train:])
y_true = y[n_train:]
print(pd.Series(proba.argmax(1)).value_counts())
