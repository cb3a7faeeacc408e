from __future__ import print_function

import sys

import numpy as np
from keras.callbacks import EarlyStopping
from keras.layers import LSTM, Dense, Dropout, Input
from keras.models import Sequential
from keras.utils import set_random_seed

set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# does the walk end above zero?
steps = np.random.randn(1000, 15, 2).astype("float32")
y = (steps[:, :, 0].sum(axis=1) > 0).astype("int32")
x_train, x_test = steps[:750], steps[750:]
y_train, y_test = y[:750], y[750:]

model = Sequential()
model.add(Input(shape=(15, 2)))
model.add(LSTM(24))
model.add(Dropout(0.2))
model.add(Dense(1, activation="softmax"))

model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(
    x_train, y_train, batch_size=50, epochs=12, validation_split=0.2, verbose=2,
    callbacks=[EarlyStopping(monitor="val_loss", patience=8)],
)
yp = model.predict(x_test, verbose=0)
print("Predictions:")
print(yp[:10])
print("all the same:", (yp == yp[0]).all())
