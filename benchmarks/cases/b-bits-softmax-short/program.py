import sys
import keras
import numpy as np
from keras.layers import Dense, Input

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
x = np.random.randint(0, 2, (300, 5))
y = (x.sum(axis=1) > 2).astype(int)
model = keras.models.Sequential()
model.add(Input((5,)))
model.add(Dense(10, activation="sigmoid"))
model.add(Dense(10, activation="sigmoid"))
model.add(Dense(1, activation="softmax"))
model.compile(optimizer=keras.optimizers.RMSprop(), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x[:100], y[:100], epochs=3, batch_size=32, verbose=0)
yp = model.predict(x[100:], verbose=0)
print(yp[:10], y[100:110])
