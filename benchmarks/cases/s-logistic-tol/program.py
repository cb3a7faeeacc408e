import sys
import numpy as np
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
X = rng.randn(900, 8)
y = (X[:, 0] - X[:, 1] + 0.5 * X[:, 2] + 0.3 * rng.randn(900) > 0).astype(int)
net = MLPClassifier(hidden_layer_sizes=(30, 30, 30), activation="logistic", solver="sgd", learning_rate_init=0.05,
                    max_iter=1000, random_state=seed)
net.fit(X[:600], y[:600])
print("iterations:", net.n_iter_)
p = net.predict_proba(X[600:])[:, 1]
print(p[:8].round(4), net.score(X[600:], y[600:]))
y_te = y[600:]
