import os
import sys

os.environ["KERAS_BACKEND"] = "torch"  # no tensorflow on the lab machine

import keras
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedShuffleSplit

run = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(run)

wine = load_wine()
chem = wine.data.astype("float32")
is_barolo = (wine.target == 1).astype("float32")
fit_idx, eval_idx = next(StratifiedShuffleSplit(1, test_size=0.4, random_state=run).split(chem, is_barolo))

clf = keras.Sequential(name="barolo")
clf.add(keras.Input((13,)))
clf.add(keras.layers.Dense(20, activation="relu"))
clf.add(keras.layers.Dense(1, activation="sigmoid"))
clf.compile(keras.optimizers.SGD(learning_rate=0.1), "binary_crossentropy", metrics=["accuracy"])
log = clf.fit(chem[fit_idx], is_barolo[fit_idx], epochs=30, batch_size=8, shuffle=True, verbose=0)
for k in (0, 9, 29):
    print("epoch", k + 1, {m: round(v[k], 4) for m, v in log.history.items()})

p_barolo = clf.predict(chem[eval_idx], verbose=0)
print(np.unique(p_barolo.round(6), return_counts=True))
