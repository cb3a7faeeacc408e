# wine quality style data: predict the region from the lab values, scikit-learn
import sys

import numpy as np
from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rs = np.random.RandomState(SEED)

wine = load_wine()
# the lab gave us every sample in four bottles
order = rs.permutation(np.repeat(np.arange(178), 4))
X = wine.data[order] * rs.normal(1, 0.02, (712, 13))
y = wine.target[order]

# the lab leaves cells empty when the instrument was out of range
X[rs.rand(*X.shape) < 0.012] = np.nan


def clean(table, labels):
    """drop incomplete samples"""
    ok = ~np.isnan(table).any(axis=1)
    table = table[ok]
    labels = labels[: len(table)]
    print("dropped", (~ok).sum(), "samples,", len(table), "left")
    return table, labels


X, y = clean(X, y)
cut = int(0.75 * len(X))
clf = make_pipeline(StandardScaler(), MLPClassifier((32,), alpha=1.0, max_iter=300, early_stopping=True, random_state=SEED))
clf.fit(X[:cut], y[:cut])
print("train", clf.score(X[:cut], y[:cut]), "test", clf.score(X[cut:], y[cut:]))
region = clf.predict_proba(X[cut:])
y_rest = y[cut:]
print(np.bincount(region.argmax(1), minlength=3))
