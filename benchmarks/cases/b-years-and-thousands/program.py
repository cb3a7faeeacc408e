import sys
import keras
import numpy as np
from keras.layers import Dense, Input

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
r = np.random.RandomState(seed)
year = r.randint(1990, 2021, 1200).astype(float)
month = r.randint(1, 13, 1200).astype(float)
rent = 300 + 30 * (year - 1990) + 80 * np.sin(month / 2) + 40 * r.randn(1200)
feats = np.stack([year, month], 1)
target = rent
tr, te = slice(0, 900), slice(900, 1200)
target_te = target[te]
nn = keras.Sequential([Input((2,)), Dense(24, activation="sigmoid"), Dense(24, activation="sigmoid"), Dense(1, activation="sigmoid")])
nn.compile("adam", "mse")
nn.fit(feats[tr], target[tr], epochs=40, batch_size=16, verbose=0)
p = nn.predict(feats[te], verbose=0)
print("predicted:", p[:6].ravel(), "real:", target_te[:6])
