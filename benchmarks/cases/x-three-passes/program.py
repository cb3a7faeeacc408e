"""Baseline for the digits kiosk. Reads its settings from CONFIG (same keys as the yaml on the device)."""
import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

warnings.filterwarnings("ignore")
CONFIG = {
    "model": {"hidden_layer_sizes": (64, 32), "activation": "relu", "solver": "sgd", "learning_rate_init": 0.001,
              "momentum": 0.9, "batch_size": 200, "max_iter": 3},
    "test_size": 0.3,
    "seed": int(sys.argv[1]) if len(sys.argv) > 1 else 0,
}


def run(config):
    digits = load_digits()
    Xa, Xb, ya, yb = train_test_split(digits.data, digits.target, test_size=config["test_size"],
                                      random_state=config["seed"], stratify=digits.target)
    pipe = make_pipeline(MinMaxScaler(), MLPClassifier(random_state=config["seed"], **config["model"]))
    pipe.fit(Xa, ya)
    return pipe, Xb, yb


kiosk, shown, digit = run(CONFIG)
certainty = kiosk.predict_proba(shown)
print("score", kiosk.score(shown, digit))
print("classes predicted:", np.bincount(certainty.argmax(1), minlength=10))
