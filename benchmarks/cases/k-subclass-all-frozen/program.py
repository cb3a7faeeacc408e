import sys
import numpy as np, keras
from sklearn.datasets import load_digits
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_digits(return_X_y=True); X = (X/16).astype("float32")
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.a = keras.layers.Dense(64, activation="relu"); self.b = keras.layers.Dense(32, activation="relu"); self.out = keras.layers.Dense(10)
    def call(self, x): return self.out(self.b(self.a(x)))
net = Net(); net(X[:2])
net.trainable = False    
net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
net.fit(X[:1400], y[:1400], epochs=8, batch_size=64, verbose=0)
p = net.predict(X[1400:], verbose=0); print(p.argmax(1)[:20], (p.argmax(1)==y[1400:]).mean())
