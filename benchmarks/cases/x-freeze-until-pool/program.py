import os
os.environ["KERAS_BACKEND"] = "torch"
import sys
import keras
import numpy as np
from keras import layers

# Intent classifier for the chat widget (4 intents), small text CNN. Word ids are already made.
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 2
keras.utils.set_random_seed(seed)
gen = np.random.default_rng(seed)

VOCAB, LEN, K = 200, 12, 4


def fake_utterances(n):
    y = gen.integers(0, K, n)
    x = gen.integers(40, VOCAB, (n, LEN))
    for i in range(n):
        where = gen.choice(LEN, 3, replace=False)
        x[i, where] = y[i] * 10 + gen.integers(0, 10, 3)
    return x, y


def encoder():
    tok = layers.Input((LEN,), dtype="int32", name="tokens")
    h = layers.Embedding(VOCAB, 24, name="embed")(tok)
    h = layers.Conv1D(32, 3, padding="same", activation="relu", name="conv")(h)
    h = layers.GlobalAveragePooling1D(name="avg_pool")(h)
    h = layers.Dense(32, activation="relu", name="fc")(h)
    out = layers.Dense(K, activation="softmax", name="intent")(h)
    return keras.Model(tok, out)


def freeze_until(model, name):
    """Freeze the layers up to and including `name`, leave the rest trainable."""
    for layer in model.layers:
        layer.trainable = False
        if layer.name == name:
            break
    return model


x_train, y_train = fake_utterances(1200)
x_dev, y_dev = fake_utterances(300)

clf = encoder()
clf = freeze_until(clf, "pool")
clf.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
clf.fit(x_train, y_train, epochs=6, batch_size=32, verbose=0)
intents = clf.predict(x_dev, verbose=0)
print(intents[:5].round(3))
print("accuracy", (intents.argmax(1) == y_dev).mean())
