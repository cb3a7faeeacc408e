import sys
import numpy as np
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
X = rng.randn(3000, 6) * [1, 10, 100, 1, 5, 2]
logit = -5.2 + 1.8 * X[:, 0] + 0.12 * X[:, 1] - 0.8 * X[:, 3]
y = (rng.rand(3000) < 1 / (1 + np.exp(-logit))).astype(int)
clf = make_pipeline(StandardScaler(), MLPClassifier((12,), max_iter=60, random_state=seed))
clf.fit(X[:2000], y[:2000])
hard = clf.predict(X[2000:])
proba = clf.predict_proba(X[2000:])[:, 1]
y_test = y[2000:]
print(confusion_matrix(y_test, hard))
print("AUC", roc_auc_score(y_test, proba))
