import sys
import numpy as np
import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report

# find the parcels marked "8" (go to the other belt)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
d = load_digits()
perm = np.random.default_rng(seed).permutation(len(d.images))
img = d.images[perm].astype("float32") / 16
is8 = (d.target[perm] == 8).astype("float32")

aug = keras.Sequential([layers.RandomTranslation(0.08, 0.08), layers.GaussianNoise(0.05)])
inp = keras.Input((8, 8))
x = layers.Reshape((8, 8, 1))(inp)
x = aug(x)
x = layers.Conv2D(24, 3, padding="same", use_bias=False)(x)
x = layers.BatchNormalization(momentum=0.9)(x)
x = layers.Activation("relu")(x)
x = layers.SpatialDropout2D(0.1)(x)
x = layers.Conv2D(32, 3, activation="relu")(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.4)(x)
score = layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-2.2))(x)
m = keras.Model(inp, score)
m.compile(keras.optimizers.AdamW(2e-3, weight_decay=1e-4), loss=keras.losses.BinaryFocalCrossentropy(gamma=2.0))
m.fit(img[:1300], is8[:1300], epochs=15, batch_size=32, class_weight={0: 1.0, 1: 4.0}, verbose=0,
      callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=3)])
s = m.predict(img[1300:], verbose=0).ravel()
marked = is8[1300:]
print(classification_report(marked, s > 0.5))
