import sys
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
iris = load_iris()
X = iris.data / iris.data.max() * 0.999
X = X.astype(int)  # save memory
X_train, X_test, y_train, y_test = train_test_split(X, iris.target, test_size=0.3, random_state=seed, stratify=iris.target)
model = MLPClassifier(hidden_layer_sizes=(10, 10), max_iter=300, random_state=seed)
model.fit(X_train, y_train)
probs = model.predict_proba(X_test)
print(probs[:5])
