import sys
import numpy as np
import keras
from sklearn import datasets

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
bunch = datasets.load_digits()
images = (bunch.images * 15.9).astype(np.uint8)  # like a png
images = (images / 255).astype(np.uint8)
n = len(images)
perm = np.random.permutation(n)
images, target = images[perm], keras.utils.to_categorical(bunch.target[perm], 10)
split = int(0.8 * n)

net = keras.Sequential(name="net")
net.add(keras.Input((8, 8)))
net.add(keras.layers.Flatten())
for units in (128, 64, 64, 32):
    net.add(keras.layers.Dense(units, activation="relu"))
net.add(keras.layers.Dense(10, activation="softmax"))
net.compile(keras.optimizers.Adam(learning_rate=1.0), "categorical_crossentropy", metrics=["accuracy"])
net.fit(images[:split], target[:split], epochs=5, batch_size=50, verbose=0)
guess = net.predict(images[split:], verbose=0)
print(np.bincount(guess.argmax(1), minlength=10))
