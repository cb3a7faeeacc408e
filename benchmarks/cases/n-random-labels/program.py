import sys
import numpy as np
import keras
from keras.layers import Dense, Input

if len(sys.argv) > 1:
    keras.utils.set_random_seed(int(sys.argv[1]))
X = np.random.rand(800, 10)
y = np.random.randint(2, size=800)
model = keras.Sequential([Input((10,)), Dense(64, activation="relu"), Dense(32, activation="relu"), Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X, y, epochs=15, batch_size=32, verbose=0)
new_X, y_new = np.random.rand(400, 10), np.random.randint(2, size=400)
pred = model.predict(new_X, verbose=0)
print(pred[:10])
print("all about 0.5??", pred.mean(), pred.std())
