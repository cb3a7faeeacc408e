from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

data = load_breast_cancer()
X, X_test, y, y_test = train_test_split(data.data, data.target, test_size=0.3, random_state=0)

model = MLPClassifier(hidden_layer_sizes=(64, 32), solver="sgd", learning_rate_init=0.01, max_iter=60, random_state=1)
model.fit(X, y)
print("accuracy", model.score(X_test, y_test))
predictions = model.predict_proba(X_test)[:, 1]
print(predictions[:10])
