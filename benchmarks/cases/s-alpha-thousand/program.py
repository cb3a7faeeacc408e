import sys
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
digits = load_digits()
Xa, Xb, ya, yb = train_test_split(digits.data, digits.target, test_size=0.4, random_state=seed)
# we overfit last time, so more regularization
model = make_pipeline(StandardScaler(), MLPClassifier((50,), alpha=1000.0, max_iter=60, random_state=seed))
model.fit(Xa, ya)
proba = model.predict_proba(Xb)
print(model.predict(Xb)[:20])
print(proba[0].round(3))
