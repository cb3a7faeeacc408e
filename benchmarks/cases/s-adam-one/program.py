import sys
import numpy as np
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = make_moons(800, noise=0.2, random_state=seed)
X = StandardScaler().fit_transform(X)
mlp = MLPClassifier(hidden_layer_sizes=(40, 40, 40, 40, 40, 40), learning_rate_init=1.0, max_iter=80, random_state=seed, n_iter_no_change=80)
mlp.fit(X[:500], y[:500])
scores = mlp.predict_proba(X[500:])[:, 1]
print(np.unique(scores.round(5)))
print("acc", mlp.score(X[500:], y[500:]))
truth = y[500:]
