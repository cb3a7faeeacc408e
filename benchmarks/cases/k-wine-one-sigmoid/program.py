import sys
import numpy as np
import keras
from keras.layers import BatchNormalization, Conv1D, Dense, Flatten, Input
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

# three gestures, accelerometer windows
rng = np.random.RandomState(seed)
lab = rng.choice(3, 600, p=[0.2, 0.4, 0.4])
tt = np.linspace(0, 1, 32)
freq = np.array([2, 5, 9])[lab]
sig = np.sin(2 * np.pi * (freq[:, None] * tt + rng.rand(600, 1))) + 0.3 * rng.randn(600, 32)
Xtr, Xte, ytr, yte = train_test_split(sig[..., None], lab, test_size=0.25, random_state=seed)

model = keras.Sequential()
model.add(Input((32, 1)))
model.add(Conv1D(16, 5, activation="relu"))
model.add(BatchNormalization())
model.add(Conv1D(16, 5, activation="relu", strides=2))
model.add(Flatten())
model.add(Dense(32, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
h = model.fit(Xtr, ytr, batch_size=32, epochs=12, validation_data=(Xte, yte), verbose=0)
print("loss", h.history["loss"][-1], "acc", h.history["accuracy"][-1])
p = model.predict(Xte, verbose=0)
print(p[:10].ravel())
