import sys
from sklearn.datasets import make_friedman1
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = make_friedman1(700, noise=0.5, random_state=seed)
pipe = Pipeline([("sc", StandardScaler()), ("mlp", MLPRegressor(max_iter=150, random_state=seed))])
search = GridSearchCV(pipe, {"mlp__hidden_layer_sizes": [(30,)], "mlp__learning_rate_init": [1e-6, 1e-2]}, cv=2)
search.fit(X[:500], y[:500])
out, real = search.predict(X[500:]), y[500:]
print(search.best_params_, search.score(X[500:], real))
