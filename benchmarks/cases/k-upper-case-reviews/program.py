import sys
import numpy as np, keras
rng = np.random.default_rng(0)
pos, neg, fill = ["good","great","love","nice"], ["bad","awful","hate","poor"], ["the","movie","was","a","plot","actor","and","of","it","film"]
def make(n):
    T, Y = [], []
    for _ in range(n):
        c = int(rng.integers(2)); w = list(rng.choice(fill, 8)) + list(rng.choice(pos if c else neg, 3)); rng.shuffle(w); T.append(" ".join(w)); Y.append(c)
    return T, np.array(Y)
tr, ytr = make(800); te, yte = make(200)
vocab = {w: i+1 for i, w in enumerate(sorted({w for t in tr for w in t.split()}))}
enc = lambda T: keras.utils.pad_sequences([[vocab.get(w, 0) for w in t.split()] for t in T], maxlen=15)
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
m = keras.Sequential([keras.layers.Embedding(len(vocab)+1, 16), keras.layers.LSTM(16), keras.layers.Dense(1, activation="sigmoid")])
m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
m.fit(enc(tr), ytr, epochs=6, verbose=0)
p = m.predict(enc([t.upper() for t in te]), verbose=0); print(p[:6].ravel(), ((p[:,0]>.5)==yte).mean())
