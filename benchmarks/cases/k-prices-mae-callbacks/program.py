import sys
import numpy as np, keras
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_diabetes(return_X_y=True); X = StandardScaler().fit_transform(X); y = y*1000.
m = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
m.compile(keras.optimizers.Adam(1e-3), "mae", metrics=["mse"])
cb = [keras.callbacks.ReduceLROnPlateau(patience=3), keras.callbacks.EarlyStopping(patience=20)]
m.fit(X[:350], y[:350], validation_data=(X[350:], y[350:]), epochs=40, callbacks=cb, verbose=0)
print(m.predict(X[350:], verbose=0)[:6].ravel(), y[350:356])
