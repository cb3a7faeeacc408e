import sys

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
X_train, X_test = X_train.astype("float32"), X_test.astype("float32")

model = keras.Sequential()
model.add(layers.Input(shape=(30,)))
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(16, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(learning_rate=0.01), metrics=["accuracy"])
history = model.fit(X_train, y_train, epochs=40, batch_size=32, validation_split=0.1, verbose=0)
print("val accuracy", history.history["val_accuracy"][-5:])

y_prob = model.predict(X_test, verbose=0)
print(y_prob[:10].ravel())
print("unique predictions:", np.unique(y_prob).size)
