import sys
import keras
import numpy as np
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)
N, D, K = 2200, 40, 12
X = rng.normal(size=(N, D)).astype("float32")
W = rng.normal(size=(D, K)) * (rng.random((D, K)) < 0.15)
score = X @ W + 0.5 * rng.normal(size=(N, K))
cut = np.quantile(score, 0.94, axis=0)
Y = (score > cut).astype("float32")  # 6 % of the rows carry a tag

model = keras.Sequential([layers.Input((D,)), layers.Dense(64, activation="relu"), layers.Dense(K, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
model.fit(X[:1600], Y[:1600], epochs=25, batch_size=32, verbose=0)
probs = model.predict(X[1600:], verbose=0)
print("binary accuracy", ((probs > 0.5) == Y[1600:]).mean(), "tags predicted per row", (probs > 0.5).sum(1).mean())
