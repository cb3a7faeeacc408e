import sys
import numpy as np, keras
from sklearn.datasets import load_digits
d = load_digits(); X, y = d.images[..., None], d.target
class Gen(keras.utils.PyDataset):
    def __init__(self, X, y, bs=32, **k): super().__init__(**k); self.X, self.y, self.bs = X, y, bs
    def __len__(self): return len(self.X)//self.bs
    def __getitem__(self, i):
        s = slice(i*self.bs, (i+1)*self.bs); return self.X[s]/16.0/255.0, self.y[s]
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
m = keras.Sequential([keras.Input((8,8,1)), keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.MaxPooling2D(), keras.layers.Conv2D(32, 2, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
m.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(Gen(X[:1500], y[:1500]), epochs=5, verbose=0)
p = m.predict(X[1500:]/16/255, verbose=0); print(p.argmax(1)[:30], p[0])
