import sys
import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
years = rng.uniform(0, 35, 700)
level = rng.integers(1, 6, 700)
salary = 28000 + 900 * years + 6500 * level + rng.normal(0, 3000, 700)
X = StandardScaler().fit_transform(np.c_[years, level])
reg = MLPRegressor(hidden_layer_sizes=(20, 20), activation="tanh", solver="adam", max_iter=120, random_state=seed)
reg.fit(X[:500], salary[:500])
guess = reg.predict(X[500:])
real = salary[500:]
print(guess[:8], real[:8])
print("R2", reg.score(X[500:], real))
