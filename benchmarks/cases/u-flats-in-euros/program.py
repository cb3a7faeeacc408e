"""Rent or price? Price! TransformedTargetRegressor keeps euros outside and z-scores inside."""
import sys

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import RandomizedSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 40
gen = np.random.default_rng(SEED)
n = 1300
area = gen.gamma(8, 10, n)
floor = gen.integers(0, 12, n)
built = gen.integers(1890, 2023, n)
metro = gen.exponential(700, n)
price = 60_000 + 3100 * area * np.exp(-metro / 5000) + 4000 * floor + 250 * (built - 1950) + gen.normal(0, 25_000, n)
flats = np.column_stack([area, floor, built, metro])

search = RandomizedSearchCV(
    TransformedTargetRegressor(
        make_pipeline(QuantileTransformer(n_quantiles=100), MLPRegressor(hidden_layer_sizes=(32, 16), max_iter=80, random_state=SEED)),
        transformer=StandardScaler(),
    ),
    {
        "regressor__mlpregressor__learning_rate_init": [1e-6, 1e-3, 1e-2, 3e-2],
        "regressor__mlpregressor__activation": ["relu", "tanh", "logistic"],
    },
    n_iter=5, cv=2, random_state=1, scoring="r2",
)
search.fit(flats[:900], price[:900])
for params, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"]):
    print({k.split("__")[-1]: v for k, v in params.items()}, "R2 %.3f" % score)
euros = search.predict(flats[900:])
asked = price[900:]
print("median error in euros:", np.median(np.abs(euros - asked)).round())
