import random, sys
import numpy as np
import tensorflow as tf
import keras
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
keras.utils.set_random_seed(seed)

SPORT = "goal match coach league keeper season striker".split()
FOOD = "soup oven butter recipe garlic salad dessert".split()
TRIP = "beach hotel flight museum luggage island ferry".split()
REST = [f"w{i}" for i in range(300)]

def text():
    k = random.randrange(3)
    words = random.choices(REST, k=random.randint(5, 25)) + random.sample([SPORT, FOOD, TRIP][k], 2)
    random.shuffle(words)
    return " ".join(words), k

texts, kinds = zip(*[text() for _ in range(1500)])
kinds = np.array(kinds)
vectorize = layers.TextVectorization(max_tokens=60, output_sequence_length=28)   # most words become [UNK], the rest is padding
vectorize.adapt(list(texts[:1200]))
ids = vectorize(np.array(texts)).numpy()
print("unknown or padding:", np.mean(ids < 2))

inp = keras.Input((28,), dtype="int64")
x = layers.Embedding(60, 16, mask_zero=True)(inp)
x = layers.Bidirectional(layers.GRU(12))(x)
topic = keras.Model(inp, layers.Dense(3, activation="softmax")(x))
topic.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
topic.fit(ids[:1200], kinds[:1200], epochs=5, batch_size=32, verbose=2)
p = topic.predict(ids[1200:], verbose=0)
print("right", (p.argmax(1) == kinds[1200:]).mean())
