import sys
import numpy as np
from sklearn.neural_network import MLPRegressor

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
year = rng.randint(1900, 2020, 800).astype(float)
size = rng.uniform(40, 4000, 800)
dist = rng.uniform(10, 20000, 800)
price = (size / 1000 + (year - 1900) / 60 - dist / 10000 + 0.2 * rng.randn(800))
X = np.column_stack([year, size, dist])
m = MLPRegressor(hidden_layer_sizes=(30, 15), activation="tanh", solver="sgd", learning_rate_init=1e-5, max_iter=100, random_state=seed)
m.fit(X[:600], price[:600])
out = m.predict(X[600:])
yt = price[600:]
print(out[:10], yt[:10])
