import sys
import warnings
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler

warnings.simplefilter("ignore", ConvergenceWarning)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = load_diabetes(return_X_y=True, scaled=False)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, random_state=11)
net = MLPRegressor(hidden_layer_sizes=(6,), alpha=20.0, solver="lbfgs", max_iter=25, random_state=seed)
model = TransformedTargetRegressor(make_pipeline(StandardScaler(), net), transformer=PowerTransformer())
model.fit(X_tr, y_tr)
progress = model.predict(X_te)
print("R2", model.score(X_te, y_te), "predictions lie between", progress.min(), "and", progress.max(), "- narrower than", y_te.min(), y_te.max())
