import sys
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed, stratify=y)
clf = MLPClassifier(hidden_layer_sizes=(64, 32), solver="sgd", learning_rate_init=0.01, max_iter=100, random_state=seed)
clf.fit(X_train, y_train)
proba = clf.predict_proba(X_test)[:, 1]
print("accuracy", clf.score(X_test, y_test))
print("proba", proba[:10])
