"""Topic of support tickets from word counts. Term frequencies, dense net, train_on_batch."""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import argparse
import numpy as np
import keras
from keras import layers

p = argparse.ArgumentParser()
p.add_argument("seed", nargs="?", type=int, default=0)
seed = p.parse_args().seed
rng = np.random.default_rng(seed)
keras.utils.set_random_seed(seed)

VOCAB, TOPICS, N = 120, 4, 1200
word_dist = rng.dirichlet(np.full(VOCAB, 0.15), TOPICS)
topic = rng.integers(0, TOPICS, N)
length = rng.poisson(14, N)
length[rng.choice(1000, 3, replace=False)] = 0        # somebody pressed "send" too early
counts = np.array([rng.multinomial(l, word_dist[t]) for l, t in zip(length, topic)])

tf = counts / counts.sum(axis=1, keepdims=True)
idf = np.log((1 + N) / (1 + (counts > 0).sum(0))) + 1
X = (tf * idf).astype("float32")

model = keras.Sequential([keras.Input((VOCAB,)), layers.Dense(64, activation="relu"), layers.Dropout(.3),
                          layers.Dense(TOPICS, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

for epoch in range(8):
    order = rng.permutation(1000)
    for start in range(0, 1000, 50):
        idx = order[start:start + 50]
        loss, acc = model.train_on_batch(X[idx], topic[idx])
    print("epoch", epoch + 1, "loss", float(loss), "acc", float(acc))

test_topic = topic[1000:]
proba = model.predict(X[1000:], verbose=0)
print("predicted topics:", np.bincount(proba.argmax(1), minlength=TOPICS))
