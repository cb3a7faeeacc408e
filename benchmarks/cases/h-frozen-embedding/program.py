import sys
import keras
import numpy as np
from keras import layers


def corpus(n, rng):
    lab = rng.integers(0, 3, n)
    ids = rng.integers(0, 200, (n, 25))
    for i in range(n):
        k = rng.integers(3, 7)
        ids[i, rng.choice(25, k, replace=False)] = rng.integers(lab[i] * 20, lab[i] * 20 + 20, k)
    return ids, lab


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    keras.utils.set_random_seed(seed)
    ids, lab = corpus(1500, np.random.default_rng(seed))
    inp = keras.Input((25,), dtype="int32")
    x = layers.Embedding(200, 50, trainable=False, name="word2vec")(inp)
    x = layers.Dense(48, activation="relu")(x)
    x = layers.GlobalAveragePooling1D()(x)
    out = layers.Dense(3, activation="softmax")(x)
    model = keras.Model(inp, out)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(ids[:1200], lab[:1200], validation_split=0.1, epochs=40, batch_size=32, verbose=0)
    probs = model.predict(ids[1200:], verbose=0)
    print("acc", (probs.argmax(1) == lab[1200:]).mean())
