# churn, 9 %: MLP in a pipeline with one-hot and imputation; warnings about convergence
import sys
import warnings

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)


def customers(n):
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.6, 0.3, 0.1])
    tenure = rng.exponential(24, n)
    calls = rng.poisson(1.2, n).astype(float)
    bill = np.select([plan == "basic", plan == "plus"], [20.0, 45.0], 90.0) + rng.normal(0, 5, n)
    z = -4.0 + 1.0 * calls - 0.03 * tenure + 1.2 * (plan == "plus")
    gone = (z + rng.logistic(0, 0.7, n) > 0).astype(int)
    tenure[rng.rand(n) < 0.1] = np.nan
    table = np.empty((n, 4), dtype=object)
    for j, col in enumerate((plan, tenure, calls, bill)):
        table[:, j] = col
    return table, gone


X, y = customers(2500)
pre = ColumnTransformer(
    [
        ("cat", OneHotEncoder(), [0]),
        ("num", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [1, 2, 3]),
    ]
)
clf = make_pipeline(pre, MLPClassifier((16,), solver="adam", learning_rate_init=0.01, max_iter=25, random_state=seed))
clf.fit(X[:1800], y[:1800])
proba = clf.predict_proba(X[1800:])[:, 1]
churned = y[1800:]
print("called churn:", (proba > 0.5).sum(), "of", len(proba), "real:", churned.sum())
print("accuracy %.3f (all stay: %.3f)" % (((proba > 0.5) == churned).mean(), 1 - churned.mean()))
print("average precision %.3f" % average_precision_score(churned, proba))
