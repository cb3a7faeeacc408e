import sys
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.35, random_state=seed, stratify=y)
sc = StandardScaler().fit(X_train)
clf = MLPClassifier((16, 16), solver="sgd", activation="tanh", learning_rate_init=1e-7, max_iter=40, tol=0.0, random_state=seed)
clf.fit(sc.transform(X_train), y_train)
P = clf.predict_proba(sc.transform(X_test))
print(P[:5])
print(clf.score(sc.transform(X_test), y_test))
