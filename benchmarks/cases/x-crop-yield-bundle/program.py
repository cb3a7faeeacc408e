import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)


def fields(n):
    rain = rng.normal(620, 110, n)
    degree_days = rng.normal(1850, 200, n)
    nitrogen = rng.uniform(40, 220, n)
    ph = rng.normal(6.4, 0.5, n)
    t = (9 + 0.9 * (rain - 620) / 110 + 0.5 * (degree_days - 1850) / 200 + 0.8 * (nitrogen - 130) / 52
         - 0.7 * (ph - 6.4) ** 2 + 0.3 * rng.normal(size=n))
    return np.c_[rain, degree_days, nitrogen, ph], t


def train_and_store(path):
    X, t = fields(1200)
    x_scaler, t_scaler = StandardScaler().fit(X), StandardScaler().fit(t[:, None])
    mlp = MLPRegressor(hidden_layer_sizes=(32, 16), activation="tanh", alpha=800.0, learning_rate_init=3e-3, max_iter=80, random_state=seed)
    mlp.fit(x_scaler.transform(X), t_scaler.transform(t[:, None]).ravel())
    path.write_bytes(pickle.dumps({"mlp": mlp, "x": x_scaler, "t": t_scaler, "r2": mlp.score(
        x_scaler.transform(X), t_scaler.transform(t[:, None]).ravel())}))


store = Path(tempfile.mkdtemp()) / "yield.pkl"
train_and_store(store)

# ---- advisory service
bundle = pickle.loads(store.read_bytes())
print("stored R2", bundle["r2"])
season, harvested = fields(250)
z = bundle["mlp"].predict(season)
tonnes = bundle["t"].inverse_transform(z.reshape(-1, 1)).ravel()
print("tonnes per hectare:", tonnes[:8].round(2), "harvested:", harvested[:8].round(2))
