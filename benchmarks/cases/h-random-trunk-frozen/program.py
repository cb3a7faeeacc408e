import sys
import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits

# random features: the wide layer is never trained, on purpose
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True)
X = X / 16 - 0.5
trunk = keras.Sequential([keras.Input((64,)), layers.Dense(400, activation="tanh")], name="trunk")
trunk.trainable = False
head = layers.Dense(10, activation="softmax", name="head")
inp = keras.Input((64,))
net = keras.Model(inp, head(trunk(inp, training=False)))
net.compile(optimizer=keras.optimizers.Adam(5e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
net.summary()
net.fit(X[:1400], y[:1400], epochs=8, batch_size=70, verbose=0)
soft = net.predict(X[1400:], verbose=0)
print("accuracy", np.mean(soft.argmax(-1) == y[1400:]))
