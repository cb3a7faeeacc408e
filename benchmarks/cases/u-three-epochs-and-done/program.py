"""Quick check of the architecture before the long run on the cluster: 3 epochs only."""
import sys

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

bunch = load_digits()
imgs = np.pad(bunch.images, ((0, 0), (2, 2), (2, 2)))[..., None].astype("float32") / 16.0
perm = np.random.permutation(len(imgs))
imgs, digit = imgs[perm], bunch.target[perm]


def conv_bn(x, f, stride=1):
    x = layers.Conv2D(f, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.8)(x)
    return layers.Activation("relu")(x)


i = keras.Input((12, 12, 1))
x = conv_bn(i, 16)
x = conv_bn(x, 24, 2)
x = conv_bn(x, 32, 2)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.6)(x)
o = layers.Dense(10, activation="softmax")(x)
m = keras.Model(i, o)
m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
m.optimizer.learning_rate = 0.005
hist = m.fit(imgs[:1400], digit[:1400], batch_size=28, epochs=3, validation_split=0.1, verbose=0)
for k, v in hist.history.items():
    print(k, np.round(v, 3))
softmax_out = m.predict(imgs[1400:], batch_size=100, verbose=0)
print("acc", (softmax_out.argmax(-1) == digit[1400:]).mean())
print("mean top probability", softmax_out.max(-1).mean())
