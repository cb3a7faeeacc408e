import sys
import numpy as np
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
X = rng.rand(1000, 12) * 50
y = rng.randint(0, 2, 1000)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
clf = make_pipeline(MinMaxScaler(), MLPClassifier((20,), max_iter=30, random_state=seed))
clf.fit(X_train, y_train)
pred = clf.predict_proba(X_test)[:, 1]
print(pred[:10], clf.score(X_test, y_test))
