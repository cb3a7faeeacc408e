import sys
import numpy as np
import keras
from keras import layers, regularizers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

s = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(s)
X, y = load_digits(return_X_y=True)
X = X / 16.
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=.25, random_state=s)
Ytr = keras.utils.to_categorical(ytr)

inputs = keras.Input(shape=(64,), name="img")
h = inputs
for units in (128, 128, 64, 64, 32):
    h = layers.Dense(units, activation="relu")(h)
outputs = layers.Dense(10, activation="softmax", name="class")(h)
net = keras.Model(inputs, outputs)
opt = keras.optimizers.Adam(learning_rate=0.5)
net.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["acc"])
reduce = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=4, factor=0.5)
log = net.fit(Xtr, Ytr, epochs=10, batch_size=64, callbacks=[reduce], verbose=0)
for e, (l, a) in enumerate(zip(log.history["loss"], log.history["acc"])):
    print("epoch", e, "loss %.3f acc %.3f" % (l, a))
P = net.predict(Xte, verbose=0)
print("argmax counts", np.bincount(P.argmax(1), minlength=10))
