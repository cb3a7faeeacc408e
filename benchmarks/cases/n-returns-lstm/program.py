import sys
import numpy as np
import keras
from keras.layers import LSTM, Dense, Dropout, Input

np_seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(np_seed)
ret = np.random.standard_t(5, 1500) * 0.01
price = 100 * np.exp(np.cumsum(ret))
look_back = 12
X = np.array([ret[i - look_back : i] for i in range(look_back, len(ret))]) / 0.01
y = (ret[look_back:] > 0).astype(int)
cut = int(0.75 * len(X))
X_tr, y_tr, X_te, y_te = X[:cut, :, None], y[:cut], X[cut:, :, None], y[cut:]
model = keras.Sequential([Input((look_back, 1)), LSTM(16), Dropout(0.2), Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X_tr, y_tr, epochs=12, batch_size=32, validation_data=(X_te, y_te), verbose=2)
up = model.predict(X_te, verbose=0)
print("probability of going up:", up[:10].ravel(), "std", up.std())
