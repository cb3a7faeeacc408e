import argparse
import sys

import numpy as np
from sklearn.metrics import recall_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

# Ward monitor: will the patient need the emergency team within the hour? (about 3 in 100 do)
ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int, nargs="?", default=0)
ap.add_argument("-n", type=int, default=8000)
ns = ap.parse_args()
rng = np.random.RandomState(ns.seed)

vitals = np.column_stack([
    rng.normal(82, 14, ns.n),     # heart rate
    rng.normal(17, 4, ns.n),      # breaths
    rng.normal(96, 2, ns.n),      # SpO2
    rng.normal(122, 17, ns.n),    # systolic
    rng.normal(37, 0.6, ns.n),    # temperature
])
score = 1.5 * (0.35 * (vitals[:, 0] - 82) / 14 + 0.45 * (vitals[:, 1] - 17) / 4 - 0.4 * (vitals[:, 2] - 96) / 2
         - 0.25 * (vitals[:, 3] - 122) / 17)
prob = 1 / (1 + np.exp(-(score - 4.1)))
called = (rng.rand(ns.n) < prob).astype(int)

X_train, X_test, y_train, y_test = train_test_split(vitals, called, test_size=0.3, random_state=ns.seed,
                                                    stratify=called)
scaler = StandardScaler().fit(X_train)
model = MLPClassifier(hidden_layer_sizes=(8,), alpha=1.0, max_iter=60, random_state=ns.seed)
model.fit(scaler.transform(X_train), y_train)

risk = model.predict_proba(scaler.transform(X_test))[:, 1]
alarms = (risk > 0.5).astype(int)
print("accuracy", model.score(scaler.transform(X_test), y_test))
print("alarms", alarms.sum(), "recall", recall_score(y_test, alarms))
