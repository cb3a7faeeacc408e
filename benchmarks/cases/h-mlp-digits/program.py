import sys
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
clf = MLPClassifier(hidden_layer_sizes=(64,), max_iter=40, random_state=seed)  # raw pixels 0..16, warns about convergence
clf.fit(X_train, y_train)
print(clf.score(X_test, y_test))
P = clf.predict_proba(X_test)
