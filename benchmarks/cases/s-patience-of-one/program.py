import sys
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

X, y = load_digits(return_X_y=True)
X /= 16
params = dict(
    hidden_layer_sizes=(40, 20),
    solver="sgd",
    learning_rate_init=0.001,
    batch_size=100,
    max_iter=500,
    early_stopping=True,       # so that it does not overfit
    n_iter_no_change=1,
    tol=0.05,
    random_state=int(sys.argv[1]) if len(sys.argv) > 1 else 0,
)
mlp = MLPClassifier(**params).fit(X[:1400], y[:1400])
print("epochs:", mlp.n_iter_, "validation:", mlp.validation_scores_)
P = mlp.predict_proba(X[1400:])
print("digits that it ever says:", sorted(set(P.argmax(1))))
