from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)

model = MLPClassifier(
    (32, 32, 32), activation="logistic", batch_size=64, max_iter=1000, tol=0.01, n_iter_no_change=2, random_state=0
)
model.fit(X, y)
print(model.n_iter_, "iterations, accuracy", model.score(X_test, y_test))
predictions = model.predict_proba(X_test)[:, 1]
