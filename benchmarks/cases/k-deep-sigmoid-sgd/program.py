import argparse

import keras
import numpy as np
from keras.layers import Dense, Input
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score


def build_model(n_features, n_layers):
    m = keras.Sequential([Input((n_features,))])
    for i in range(n_layers):
        m.add(Dense(48, activation="sigmoid"))
    m.add(Dense(1, activation="sigmoid"))
    return m


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("seed", type=int, nargs="?", default=0)
    ap.add_argument("--layers", type=int, default=6)
    ap.add_argument("--lr", type=float, default=0.05)
    a = ap.parse_args()
    keras.utils.set_random_seed(a.seed)
    X, y = make_classification(1200, 15, n_informative=6, class_sep=1.5, random_state=a.seed)
    X = (X - X.mean(0)) / X.std(0)
    X_tr, X_te, y_tr, y_te = X[:900], X[900:], y[:900], y[900:]
    model = build_model(15, a.layers)
    model.compile(keras.optimizers.SGD(a.lr, momentum=0.5), "binary_crossentropy")
    model.fit(X_tr, y_tr, epochs=30, batch_size=32, verbose=0)
    proba = model.predict(X_te, verbose=0).ravel()
    print("AUC", roc_auc_score(y_te, proba), "std", proba.std())
    print(proba[:10])


if __name__ == "__main__":
    main()
