import argparse
import io

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def make_csv(seed, n=1400):
    """Stands in for the export of the lab's database."""
    r = np.random.default_rng(seed)
    table = pd.DataFrame({
        "site": r.choice(["north", "south", "mill"], n),
        "depth": r.uniform(0, 40, n).round(1),
        "ph": r.normal(7.1, 0.6, n).round(2),
        "temp": r.normal(12, 4, n).round(1),
    })
    algae = 8 + 0.9 * (table.temp - 12) - 0.2 * table.depth + 5 * (table.site == "mill") - 3 * (table.ph - 7) ** 2
    table["bloom"] = np.where(algae + r.normal(0, 1, n) > 4, " yes", " no")
    return table.to_csv(index=False)


def load(text):
    df = pd.read_csv(io.StringIO(text))
    target = (df.pop("bloom") == "yes").astype(float)
    return df, target


def build(seed):
    prep = ColumnTransformer([
        ("cat", OneHotEncoder(handle_unknown="ignore"), ["site"]),
        ("num", StandardScaler(), ["depth", "ph", "temp"]),
    ])
    net = MLPRegressor(hidden_layer_sizes=(30, 15), learning_rate_init=0.005, max_iter=60, random_state=seed)
    return Pipeline([("prep", prep), ("net", net)])


def cli():
    ap = argparse.ArgumentParser()
    ap.add_argument("seed", type=int, default=21, nargs="?")
    ns = ap.parse_args()
    text = make_csv(ns.seed)
    df, target = load(text)
    fit = df.index < 1000
    pipe = build(ns.seed).fit(df[fit], target[fit])
    bloom_score = pipe.predict(df[~fit])
    real = pd.read_csv(io.StringIO(text)).bloom[~fit].str.contains("yes").to_numpy().astype(int)
    print("loss curve:", np.round(pipe.named_steps["net"].loss_curve_[::10], 6))
    print("scores:", bloom_score[:8].round(4))
    print("share of warnings:", (bloom_score > 0.5).mean(), "share of blooms:", real.mean())


if __name__ == "__main__":
    cli()
