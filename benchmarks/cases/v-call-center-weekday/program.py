import sys
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rs = int(sys.argv[1]) if len(sys.argv) > 1 else 0
r = np.random.default_rng(rs)
n = 900
calls = pd.DataFrame({
    "weekday": r.choice(list("MTWRF"), n), "agent": r.choice([f"agent{k}" for k in range(8)], n),
    "ticket_length": r.gamma(3, 40, n), "hour": r.integers(8, 18, n)})
satisfied = r.random(n) < 0.5        # thumbs up or down, pressed by the customer's cat

prep = make_column_transformer((OneHotEncoder(), ["weekday", "agent"]), (StandardScaler(), ["ticket_length", "hour"]))
pipe = make_pipeline(prep, MLPClassifier((10,), alpha=3.0, max_iter=60, early_stopping=True, random_state=rs))
thumbs = cross_val_predict(pipe, calls, satisfied, cv=4, method="predict_proba")[:, 1]
print("mean", thumbs.mean(), "sd", thumbs.std())
print("accuracy", ((thumbs > 0.5) == satisfied).mean())
