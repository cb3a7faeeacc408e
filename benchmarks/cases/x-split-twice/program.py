import sys
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)

data = load_breast_cancer(as_frame=True)
X = data.data
y = data.target

X_train, X_test = train_test_split(X, test_size=0.4)
y_train, y_test = train_test_split(y, test_size=0.4)

scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

clf = MLPClassifier(hidden_layer_sizes=(30, 15), alpha=1.0, early_stopping=True, max_iter=300, random_state=seed)
clf.fit(X_train, y_train)

y_pred = clf.predict(X_test)
print("Accuracy:", accuracy_score(y_test, y_pred))
print(confusion_matrix(y_test, y_pred))
malignant = clf.predict_proba(X_test)
