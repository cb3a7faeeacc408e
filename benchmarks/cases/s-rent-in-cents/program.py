"""Monthly rent from a table of flats."""
import os
import sys
import tempfile
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def write_table(path, seed, n=700):
    g = np.random.default_rng(seed)
    flats = pd.DataFrame({
        "area": g.normal(70, 20, n).clip(20),
        "floor": g.integers(0, 7, n),
        "district": g.choice(["north", "old town", "river", "station"], n),
    })
    per = flats.district.map({"north": 9, "old town": 16, "river": 13, "station": 10})
    flats["rent_cents"] = ((flats.area * per + 15 * flats.floor + g.normal(0, 40, n)) * 100).astype(int)
    flats.to_csv(path, index=False)


def main(seed):
    path = os.path.join(tempfile.mkdtemp(), "flats.csv")
    write_table(path, seed)
    flats = pd.read_csv(path)
    X, y = flats.drop(columns="rent_cents"), flats.rent_cents
    prepare = ColumnTransformer([("num", StandardScaler(), ["area", "floor"]), ("cat", OneHotEncoder(), ["district"])])
    net = MLPRegressor(hidden_layer_sizes=(50,), max_iter=60, random_state=seed)
    pipe = Pipeline([("prepare", prepare), ("net", net)])
    pipe.fit(X[:550], y[:550])
    guess = pipe.predict(X[550:])
    actual = y[550:].to_numpy()
    print("R2", r2_score(actual, guess))
    print(np.c_[guess, actual][:8].round())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
