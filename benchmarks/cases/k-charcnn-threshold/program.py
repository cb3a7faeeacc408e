import sys
import numpy as np
import keras
from keras import layers
from keras.initializers import RandomNormal

TOPICS = ["goal match team score coach", "stock bank market trade price", "star moon rocket orbit comet", "vote law party court mayor"]
ALPHABET = "abcdefghijklmnopqrstuvwxyz "
MAXLEN = 40


def sample(rng):
    k = rng.integers(4)
    words = rng.choice(TOPICS[k].split(), 4).tolist() + rng.choice("the of and today on new".split(), 3).tolist()
    rng.shuffle(words)
    return " ".join(words)[:MAXLEN].ljust(MAXLEN), k


def vectorize(texts):
    return np.array([[ALPHABET.index(c) for c in t] for t in texts])


class CharCNN:
    def __init__(self, n_classes=4):
        inputs = layers.Input((MAXLEN,), dtype="int64")
        x = layers.Embedding(len(ALPHABET), 16)(inputs)
        for width, size in [(32, 7), (32, 3)]:
            x = layers.Conv1D(width, size, kernel_initializer=RandomNormal(stddev=0.05))(x)
            x = layers.ReLU(threshold=1.0)(x)
        x = layers.GlobalMaxPooling1D()(x)
        x = layers.Dense(64, kernel_initializer=RandomNormal(stddev=0.05))(x)
        x = layers.ReLU(threshold=1.0)(x)
        self.model = keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))
        self.model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)
texts, labels = zip(*[sample(rng) for _ in range(1000)])
ids, labels = vectorize(texts), np.array(labels)
cnn = CharCNN()
cnn.model.fit(ids[:800], keras.utils.to_categorical(labels[:800], 4), batch_size=50, epochs=15, verbose=0)
probs, lab_te = cnn.model.predict(ids[800:], verbose=0), labels[800:]
print(probs[:5])
print("acc", (probs.argmax(1) == lab_te).mean())
