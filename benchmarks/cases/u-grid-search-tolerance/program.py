"""Model selection for the credit data (GridSearchCV over an MLP pipeline)."""
import sys
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)
RANDOM_STATE = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(RANDOM_STATE)

X = rng.randn(1500, 8)
y = (X[:, 2] * X[:, 3] > 0).astype(int)  # approved when income and history agree
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=RANDOM_STATE)

pipe = Pipeline([
    ("scale", StandardScaler()),
    ("mlp", MLPClassifier(solver="adam", activation="logistic", learning_rate_init=0.01, batch_size=100, max_iter=100,
                          tol=0.02, n_iter_no_change=2, random_state=RANDOM_STATE)),
])
grid = GridSearchCV(pipe, {"mlp__hidden_layer_sizes": [(32,), (48,)], "mlp__alpha": [1e-4, 1e-2]}, cv=3)
grid.fit(X_train, y_train)
print("best:", grid.best_params_, "cv accuracy %.3f" % grid.best_score_)
best = grid.best_estimator_.named_steps["mlp"]
print("iterations used:", best.n_iter_, "of", best.max_iter)
proba = grid.predict_proba(X_test)[:, 1]
print("test accuracy:", grid.score(X_test, y_test))
print("probabilities: mean %.3f sd %.3f" % (proba.mean(), proba.std()))
