# text topics; the API needs its own copy of the model (thread safety), and the copy is dumb
import sys

import keras
import numpy as np

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

TOPICS = ["sport", "money", "health"]
VOCAB, LEN = 150, 20


def texts(n):
    topic = rng.integers(0, 3, n)
    base = rng.integers(1, VOCAB, (n, LEN))
    own = rng.random((n, LEN)) < 0.3
    words = np.where(own, 1 + topic[:, None] * 30 + rng.integers(0, 30, (n, LEN)), base)
    return words, topic


def build_model():
    return keras.Sequential(
        [
            keras.layers.Input((LEN,), dtype="int32"),
            keras.layers.Embedding(VOCAB, 16),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dense(len(TOPICS), activation="softmax"),
        ]
    )


class TopicService:
    def __init__(self, trained):
        self.model = keras.models.clone_model(trained)

    def classify(self, batch):
        p = self.model.predict(batch, verbose=0)
        return p


words, topic = texts(1300)
model = build_model()
model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(words[:1000], topic[:1000], epochs=8, batch_size=32, verbose=0)

service = TopicService(model)
answers = service.classify(words[1000:])
expected = topic[1000:]
print("answers:", [TOPICS[k] for k in answers.argmax(1)[:10]])
print("accuracy in the API:", (answers.argmax(1) == expected).mean())
print(answers[:5])
