"""Ticket routing: which of the four second-level agents will end up with the ticket?"""
import sys
import keras
import numpy as np

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

AGENTS = ["anna", "bo", "carmen", "dilip"]
TOPICS = {
    "login": "password reset login account locked token expired".split(),
    "billing": "invoice refund charge card payment vat".split(),
    "network": "wifi vpn slow router cable drop latency".split(),
    "printer": "paper jam toner driver queue scan".split(),
}
FILLER = "please help the my is not since today again urgent hello thanks".split()
words = sorted({w for ws in TOPICS.values() for w in ws} | set(FILLER))
index = {w: i + 1 for i, w in enumerate(words)}


def ticket():
    topic = rng.choice(list(TOPICS))
    body = list(rng.choice(TOPICS[topic], 4)) + list(rng.choice(FILLER, 6))
    rng.shuffle(body)
    return body


def assign(_):
    # whoever is free takes it
    return rng.integers(len(AGENTS))


tickets = [ticket() for _ in range(1500)]
owner = np.array([assign(t) for t in tickets])
ids = np.array([[index[w] for w in t] for t in tickets])

model = keras.Sequential([
    keras.layers.Embedding(len(index) + 1, 8),
    keras.layers.GlobalAveragePooling1D(),
    keras.layers.Dense(8, activation="relu"),
    keras.layers.Dense(len(AGENTS), activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(ids[:1200], owner[:1200], validation_data=(ids[1200:], owner[1200:]), epochs=12, batch_size=32, verbose=0)
who = model.predict(ids[1200:], verbose=0)
assigned = owner[1200:]
for t, row in list(zip(tickets[1200:], who))[:5]:
    print(" ".join(t)[:40], row.round(2))
