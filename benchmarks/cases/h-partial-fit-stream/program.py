import sys
import numpy as np
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
clf = MLPClassifier((24,), learning_rate_init=0.01, random_state=seed)
def chunk(n):
    X = rng.uniform(-1, 1, (n, 4))
    return X, (X[:, 0] * X[:, 1] + 0.3 * X[:, 2] > 0).astype(int)
for step in range(150):
    X, y = chunk(64)
    clf.partial_fit(X, y, classes=[0, 1])
X_new, y_new = chunk(400)
p = clf.predict_proba(X_new)[:, 1]
print(((p > 0.5) == y_new).mean())
