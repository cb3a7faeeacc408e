"""Credit scoring: train on the archive, score what comes from the web form (a list of dicts)."""
import sys

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)

FIELDS = ["income", "loan", "age", "years_employed", "cards"]


def applications(n):
    income = rng.lognormal(10.6, 0.4, n)
    loan = income * rng.uniform(0.1, 1.2, n)
    age = rng.integers(20, 70, n)
    yrs = np.clip(rng.exponential(6, n), 0, age - 18)
    cards = rng.poisson(2, n)
    bad = 4.5 * (loan / income - 0.65) - 0.12 * (yrs - 5) + 0.4 * (cards - 2) + rng.logistic(0, 0.6, n) > 0
    rows = [dict(zip(FIELDS, r)) for r in zip(income, loan, age, yrs, cards)]
    return rows, bad.astype(int)


archive, y = applications(1500)
train_matrix = np.array([[row[f] for f in FIELDS] for row in archive], dtype=float)
scaler = StandardScaler().fit(train_matrix)
model = MLPClassifier(hidden_layer_sizes=(20, 10), learning_rate_init=0.005, max_iter=120, random_state=seed)
model.fit(scaler.transform(train_matrix), y)
print("train accuracy", model.score(scaler.transform(train_matrix), y))


def score(form_rows):
    # web form: keys come in whatever order the browser sends, so sort them
    m = np.array([[row[k] for k in sorted(row)] for row in form_rows], dtype=float)
    return model.predict_proba(scaler.transform(m))[:, 1]


today, defaulted = applications(400)
risk = score(today)
print("rejected:", (risk > 0.5).sum(), "of", len(risk))
print(np.round(risk[:12], 3))
