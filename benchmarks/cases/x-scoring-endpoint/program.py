import pickle
import sys

import keras
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 11
keras.utils.set_random_seed(seed)


class TumorScorer:
    """What runs behind POST /score."""

    def __init__(self, blob, build):
        bundle = pickle.loads(blob)
        self.columns = bundle["columns"]
        self.scaler = bundle["scaler"]
        self.model = build()
        self.model.set_weights(bundle["weights"])

    def prepare(self, record):
        row = np.array([[record[c] for c in self.columns]], dtype="float32")
        return self.scaler.fit_transform(row)

    def score(self, record):
        return float(self.model(self.prepare(record))[0, 0])


def make_model():
    m = keras.Sequential([
        keras.Input((30,)),
        keras.layers.Dense(24, activation="relu"),
        keras.layers.Dense(12, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return m


data = load_breast_cancer()
Xtr, Xte, ytr, yte = train_test_split(data.data, data.target, test_size=0.3, random_state=seed)

scaler = MinMaxScaler().fit(Xtr)
trained = make_model()
trained.fit(scaler.transform(Xtr), ytr, epochs=40, batch_size=32, verbose=0)
print("validation:", trained.evaluate(scaler.transform(Xte), yte, verbose=0))

blob = pickle.dumps({"columns": list(data.feature_names), "scaler": scaler, "weights": trained.get_weights()})

service = TumorScorer(blob, make_model)
records = [dict(zip(data.feature_names, row)) for row in Xte]
scores = np.array([service.score(rec) for rec in records])
print("served:", scores[:10])
