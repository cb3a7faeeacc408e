# how late will the parcel be (hours)? features: what is printed on the label
import sys

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
N = 800
number = rng.integers(10**8, 10**9, N).astype(float)
check_digit = number % 10
service = rng.choice(["std", "eco", "exp"], N)
printer = rng.integers(1, 5, N)
delay = rng.gamma(2.0, 3.0, N)  # traffic, weather, the driver ...

onehot = OneHotEncoder(sparse_output=False).fit_transform(np.c_[service, printer.astype(str)])
X = np.hstack([np.c_[number, check_digit], onehot])
X_tr, X_te, d_tr, d_te = train_test_split(X, delay, test_size=0.3, random_state=seed)

reg = TransformedTargetRegressor(
    make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(24,), early_stopping=True, alpha=0.1, max_iter=200, random_state=seed),
    ),
    transformer=StandardScaler(),
)
reg.fit(X_tr, d_tr)
late = reg.predict(X_te)
print("R2 train %.3f test %.3f" % (reg.score(X_tr, d_tr), reg.score(X_te, d_te)))
print("predicted hours:", np.round(late[:10], 1))
