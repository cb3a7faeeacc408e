import sys
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import scale

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
X, y = load_breast_cancer(return_X_y=True)
order = rng.permutation(len(y))
X, y = scale(X[order]), y[order]
y.sort()
print("share of class 1 along the file:", [y[i : i + 50].mean() for i in range(0, 569, 50)])
ids = rng.permutation(len(y))
tr, te = ids[:400], ids[400:]
clf = MLPClassifier((8,), alpha=1.0, max_iter=60, early_stopping=True, random_state=seed)
clf.fit(X[tr], y[tr])
p = clf.predict_proba(X[te])[:, 1]
print(clf.score(X[te], y[te]), p[:10])
