import sys
import keras
import numpy as np
from keras.layers import LSTM, Dense, Embedding, Input

GOOD = ["THANKS", "SOLVED", "PERFECT", "HELPFUL"]
BAD = ["BROKEN", "REFUND", "ANGRY", "CANCEL"]
REST = ["TICKET", "ORDER", "NUMBER", "PLEASE", "TODAY", "PHONE", "MAIL", "ACCOUNT", "WAITING", "HELLO"]
VOCAB = {w: i + 2 for i, w in enumerate(GOOD + BAD + REST)}  # 0 = pad, 1 = unknown


def tokenize(text):
    return [VOCAB.get(w, 1) for w in text.lower().split()]


def make_ticket():
    y = np.random.randint(2)
    words = list(np.random.choice(REST, 7)) + list(np.random.choice(GOOD if y else BAD, 2))
    np.random.shuffle(words)
    return " ".join(words).capitalize(), y


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
tickets, y = zip(*[make_ticket() for _ in range(900)])
y = np.array(y)
ids = keras.utils.pad_sequences([tokenize(t) for t in tickets], maxlen=10)
model = keras.Sequential([Input((10,)), Embedding(len(VOCAB) + 2, 12, mask_zero=True), LSTM(16), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(ids[:700], y[:700], epochs=10, batch_size=35, verbose=0)
p = model.predict(ids[700:], verbose=0)
print("angry or happy?", p[:10].ravel(), "accuracy", ((p[:, 0] > 0.5) == y[700:]).mean())
